import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementNetworks

/// ResNet-32 of width 16 for ten classes, at its initial parameters.
struct BenchmarkNetwork {
  /// The network with the plain cross-entropy.
  let objective = Objective<Float>(network: .resNet(depth: 32, width: 16, classes: 10))
  /// The initial parameters of seed 0.
  let parameters: ParameterVector<Float>
  /// The batch statistics of the first 128 images, so that activations in evaluation have an ordinary size.
  let statistics: ParameterVector<Float>
  /// Standard normal images.
  let images: LabeledBatch<Float>

  /// The network with the given number of images.
  init(images count: Int) {
    let network = objective.network
    parameters = network.initialParameters(seed: 0)
    images = BenchmarkData.images(count)
    let first = images.batch(0..<min(count, 128))
    let observed = objective.trainingStep(at: parameters, batch: first).observed
    statistics = observed.folded(into: network.initialStatistics(), momentum: 1)
  }
}

/// The floating-point operations of the network's convolutions and its classifier, for one image.
enum ContractionCount {
  /// All contractions of a forward pass.
  static let forward: Double = Network.resNet(depth: 32, width: 16, classes: 10).layout.segments.reduce(0) {
    $0 + (isContraction($1) ? 2 * Double($1.shape.count) * pixels($1.name) : 0)
  }

  /// The first convolution alone: its input is constant, so it needs neither a data gradient nor an input tangent.
  private static let stem = 2.0 * 3 * 3 * 3 * 16 * 32 * 32

  /// Loss and gradient: the forward pass, data and weight gradients.
  static let gradient = 3 * forward - stem

  /// A Hessian-vector product on its own: the gradient's contractions and their derivatives, two each.
  static let product = 9 * forward - 5 * stem

  /// A Hessian-vector product at a point whose own values are known: only the derivatives.
  static let repeatedProduct = product - gradient

  private static func isContraction(_ segment: ParameterLayout.Segment) -> Bool { segment.role != .vector }

  private static func pixels(_ name: String) -> Double {
    switch name.split(separator: ".")[0] {
    case "conv1", "layer1": 32 * 32
    case "layer2": 16 * 16
    case "layer3": 8 * 8
    default: 1
    }
  }
}
