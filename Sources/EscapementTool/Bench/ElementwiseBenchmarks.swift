import EscapementKernels

/// Elementwise work on the largest activation of a CIFAR ResNet on a batch of 128.
enum ElementwiseBenchmarks {
  private static let shape: Shape = [128, 32, 32, 16]

  /// ReLU, sum and scaling of each channel.
  static var all: [Benchmark] {
    [
      benchmark("relu", tensors: 2) { x, _, _ in _ = x.map(.relu) },
      benchmark("add", tensors: 3) { x, y, _ in _ = x + y },
      benchmark("scale", tensors: 2) { x, _, scale in _ = x.zipChannels(.multiply, scale) },
    ]
  }

  private static func benchmark(
    _ name: String, tensors: Int,
    _ body: @escaping (Tensor<Float>, Tensor<Float>, Tensor<Float>) -> Void
  ) -> Benchmark {
    Benchmark(
      name: "elementwise-\(name)", shape: "\(shape)",
      work: Double(tensors * shape.count * MemoryLayout<Float>.stride), unit: .bytes
    ) {
      let (x, y) = (BenchmarkData.normals(shape), BenchmarkData.normals(shape, index: 1))
      let scale = BenchmarkData.normals([shape.columns], index: 2)
      return Benchmark.Prepared { body(x, y, scale) }
    }
  }
}
