import CEscapementKernels

/// Runs `body` for every index below `count`, each as one task; tasks share the package's threads.
func performInParallel(_ count: Int, _ body: (Int) -> Void) {
  withoutActuallyEscaping(body) { body in
    var task = body
    withUnsafeMutablePointer(to: &task) { task in
      ek_parallel(
        count, { context, index in context!.assumingMemoryBound(to: ((Int) -> Void).self).pointee(index) },
        task)
    }
  }
}
