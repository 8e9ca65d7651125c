import EscapementKernels
import EscapementTestSupport
import Testing

/// Runs a kernel on several paths and compares its output's bits with the definition.
///
/// The output holds NaN (or `initial`) before each run and is fenced, so that reading it, writing
/// beside it and leaving part of it unwritten all show.
func check<E: Real>(
  _ what: @autoclosure () -> String, expected: [E], initial: [E]? = nil,
  paths: [ExecutionPath] = ExecutionPath.all, location: SourceLocation = #_sourceLocation,
  _ kernel: (UnsafeMutablePointer<E>) -> Void
) {
  let before = initial ?? [E](repeating: .nan, count: expected.count)
  let output = FencedArray(before, writable: true)
  for path in paths {
    output.write(before)
    path.run { kernel(output.pointer) }
    if let difference = firstDifference(output.elements, expected) {
      Issue.record("\(what()), \(E.dtypeName), \(path): \(difference)", sourceLocation: location)
    }
    if !output.isIntact {
      Issue.record(
        "\(what()), \(E.dtypeName), \(path): wrote in front of its output", sourceLocation: location)
    }
  }
}

/// Compares every path with the scalar one on one thread: for sizes where the definition is too slow.
func checkAgreement<E: Real>(
  _ what: String, count: Int, as type: E.Type = E.self, location: SourceLocation = #_sourceLocation,
  _ kernel: (UnsafeMutablePointer<E>) -> Void
) {
  let output = FencedArray([E](repeating: .nan, count: count), writable: true)
  ExecutionPath(isa: ExecutionPath.availableSets[0], threads: 1).run { kernel(output.pointer) }
  check(what, expected: output.elements, location: location, kernel)
}
