import EscapementKernels

/// The 3×3 convolutions of a CIFAR ResNet on a batch of 128, and their two adjoints.
enum ConvolutionBenchmarks {
  /// Channels in and out, the side of the input, the stride; padding is 1.
  private static let shapes = [
    (16, 16, 32, 1), (32, 32, 16, 1), (64, 64, 8, 1), (3, 16, 32, 1), (16, 32, 32, 2), (32, 64, 16, 2),
  ]

  private enum Operation: String, CaseIterable {
    case forward, data, weight
  }

  /// Forward, data gradient and weight gradient of each shape, and of all layers of a ResNet-32 that use Winograd.
  static var all: [Benchmark] {
    Operation.allCases.flatMap { operation in
      shapes.map { convolution(operation, input: $0, output: $1, side: $2, stride: $3) }
    } + [eligibleLayers]
  }

  /// The 28 convolutions of a ResNet-32 whose shape uses Winograd: ten, nine and nine of the first three shapes, each
  /// with its three operations. The work is that of direct convolutions, so the share of the peak may exceed 1.
  private static var eligibleLayers: Benchmark {
    let layers = zip(shapes, [10, 9, 9]).flatMap { shape, times in
      Operation.allCases.map { operation in
        let (input, output, side, stride) = shape
        return (convolution(operation, input: input, output: output, side: side, stride: stride), times)
      }
    }
    let flops = layers.reduce(0) { $0 + $1.0.work * Double($1.1) }
    return Benchmark(
      name: "conv-resnet-32", shape: "28 layers, 128 images", work: flops, unit: .flop, flops: flops
    ) {
      let prepared = try layers.map { (try $0.0.prepare(), $0.1) }
      return Benchmark.Prepared {
        for (layer, times) in prepared {
          for _ in 0..<times { _ = try layer.run() }
        }
      }
    }
  }

  private static func convolution(
    _ operation: Operation, input: Int, output: Int, side: Int, stride: Int
  ) -> Benchmark {
    let geometry = ConvolutionGeometry(stride: stride, padding: 1)
    let inputShape: Shape = [128, side, side, input]
    let weightShape: Shape = [3, 3, input, output]
    let outputShape = geometry.outputShape(input: inputShape, weights: weightShape)
    // Windows that reach into the padding count fully, as is usual.
    let flops = 2 * Double(outputShape.count) * Double(9 * input)
    return Benchmark(
      name: "conv-\(operation.rawValue)-\(input)-\(output)-\(side)-s\(stride)",
      shape: "\(inputShape) → \(outputShape)", work: flops, unit: .flop, flops: flops
    ) {
      let x = BenchmarkData.normals(inputShape)
      let weights = BenchmarkData.normals(weightShape, index: 1)
      let gradient = BenchmarkData.normals(outputShape, index: 2)
      return Benchmark.Prepared {
        switch operation {
        case .forward:
          _ = x.convolved(with: weights, geometry)
        case .data:
          _ = gradient.convolutionInputGradient(weights: weights, inputShape: inputShape, geometry)
        case .weight:
          _ = gradient.convolutionWeightGradient(input: x, weightShape: weightShape, geometry)
        }
      }
    }
  }
}
