import EscapementKernels

/// Products of square matrices in Float.
enum MatrixBenchmarks {
  /// One benchmark per size.
  static var all: [Benchmark] { [512, 1024, 2048].map(product) }

  private static func product(_ n: Int) -> Benchmark {
    let flops = 2 * Double(n) * Double(n) * Double(n)
    return Benchmark(
      name: "sgemm-\(n)", shape: "\(n)×\(n) · \(n)×\(n)", work: flops, unit: .flop, flops: flops
    ) {
      let (a, b) = (BenchmarkData.normals([n, n]), BenchmarkData.normals([n, n], index: 1))
      return Benchmark.Prepared { _ = a.matmul(b) }
    }
  }
}
