import Calculus
import Kernels
import Randomness

/// A chain of layers from pictures (or feature vectors) to logits, with its parameters' names and places.
public struct Network: Sendable {
  /// What it is, for records: "resnet32-w16", "mlp-4-8-3-tanh".
  public let name: String
  /// The number of logits.
  public let classes: Int
  /// Trainable parameters, in the order of the published PyTorch models.
  public let layout: ParameterLayout
  /// Running means and variances of batch norm.
  public let statisticsLayout: ParameterLayout
  let layers: [any Layer]

  /// The CIFAR ResNet of depth 6n + 2 (He et al. 2016, section 4.2) with option-A shortcuts.
  ///
  /// A 3×3 stem of `width` channels, three stages of n basic blocks with `width`, 2·`width` and 4·`width`
  /// channels, the last two starting at stride 2, global average pooling, and a dense classifier. ResNet-32
  /// is depth 32 and width 16, the published width: 464,154 parameters for ten classes.
  public static func resNet(depth: Int, width: Int = 16, classes: Int, inputChannels: Int = 3) -> Network {
    precondition(depth >= 8 && (depth - 2) % 6 == 0, "a CIFAR ResNet has depth 6n + 2, got \(depth)")
    var layout = ParameterLayout()
    var statistics = ParameterLayout()
    var layers: [any Layer] = [
      Convolution(
        name: "conv1", input: inputChannels, output: width, size: 3, padding: 1, layout: &layout),
      BatchNorm(name: "bn1", channels: width, rectified: true, layout: &layout, statistics: &statistics),
    ]
    var channels = width
    for stage in 1...3 {
      let output = width << (stage - 1)
      for block in 0..<((depth - 2) / 6) {
        layers.append(
          ResidualBlock(
            name: "layer\(stage).\(block)", input: channels, output: output,
            stride: stage > 1 && block == 0 ? 2 : 1, layout: &layout, statistics: &statistics))
        channels = output
      }
    }
    layers.append(GlobalAveragePool())
    layers.append(Dense(name: "linear", input: channels, output: classes, layout: &layout))
    return Network(
      name: "resnet\(depth)-w\(width)", classes: classes, layout: layout, statisticsLayout: statistics,
      layers: layers)
  }

  /// Dense layers with an activation between them; `features` are the widths from input to logits.
  public static func multilayerPerceptron(features: [Int], activation: Activation) -> Network {
    precondition(features.count >= 2, "a perceptron needs an input and an output width, got \(features)")
    var layout = ParameterLayout()
    var layers: [any Layer] = []
    for i in 0..<(features.count - 1) {
      if i > 0 { layers.append(activation) }
      layers.append(
        Dense(name: "linear\(i + 1)", input: features[i], output: features[i + 1], layout: &layout))
    }
    return Network(
      name: "mlp-\(features.map(String.init).joined(separator: "-"))-\(activation.rawValue)",
      classes: features[features.count - 1], layout: layout, statisticsLayout: ParameterLayout(),
      layers: layers)
  }

  /// Features and logits for a batch; the features are the last layer's input.
  func forward<T: TensorAlgebra>(_ images: T, _ pass: inout Pass<T>) -> ClassifierOutput<T> {
    var x = images
    for layer in layers.dropLast() { x = layer.forward(x, &pass) }
    return ClassifierOutput(features: x, logits: layers[layers.count - 1].forward(x, &pass))
  }

  /// Adds the parameters' gradients to the pass, given the output's gradient.
  func backward<T: TensorAlgebra>(_ g: ClassifierGradient<T>, _ pass: inout Pass<T>) {
    var gradient = g.logits
    for (index, layer) in layers.enumerated().reversed() {
      guard var next = layer.backward(gradient, &pass, needsInput: index > 0) else { break }
      if index == layers.count - 1, let features = g.features { next = next + features }
      gradient = next
    }
    precondition(pass.isEmpty, "a layer left saved values behind")
  }
}

extension Network {
  /// Parameters as the published code initialises them, a pure function of the seed.
  ///
  /// Convolution and dense weights are N(0, 2/fan_in) (He et al. 2015, fan-in mode), dense biases
  /// U(−1/√fan_in, 1/√fan_in) (PyTorch's default), batch-norm gains 1 and shifts 0. Segment s draws from
  /// the stream (seed, initialization, s).
  public func initialParameters<Element: Real>(seed: UInt64) -> ParameterVector<Element> {
    var flat = Tensor<Element>.zeros([layout.count])
    var fanIn = 1
    for (index, segment) in layout.segments.enumerated() {
      let values: Tensor<Element>
      switch segment.role {
      case .convolution, .dense:
        fanIn = segment.count / segment.shape.columns
        values = Tensor<Double>.standardNormal(
          seed: seed, purpose: .initialization, index: UInt64(index), shape: segment.shape
        ).scaled(by: (2 / Double(fanIn)).squareRoot()).converted(to: Element.self)
      case .vector:
        values = initialVector(segment, seed: seed, index: index, fanIn: fanIn)
      }
      flat.withMutablePointer { target in
        values.withPointer { (target + segment.offset).update(from: $0, count: segment.count) }
      }
    }
    return ParameterVector(layout: layout, flat: flat)
  }

  /// Gains 1, shifts 0; a dense bias follows its weight, whose fan-in bounds it.
  private func initialVector<Element: Real>(
    _ segment: ParameterLayout.Segment, seed: UInt64, index: Int, fanIn: Int
  ) -> Tensor<Element> {
    let owner = segment.name.split(separator: ".").dropLast().joined(separator: ".")
    if statisticsLayout.index(of: "\(owner).running_mean") != nil {
      return Tensor(repeating: segment.name.hasSuffix(".weight") ? 1 : 0, shape: segment.shape)
    }
    var stream = RandomStream(seed: seed, purpose: .initialization, index: UInt64(index))
    let bound = 1 / Double(fanIn).squareRoot()
    return Tensor(
      (0..<segment.count).map { _ in Element(rounding: (2 * stream.uniform() - 1) * bound) },
      shape: segment.shape)
  }

  /// Running means 0 and variances 1.
  public func initialStatistics<Element: Real>() -> ParameterVector<Element> {
    var flat = Tensor<Element>.zeros([statisticsLayout.count])
    for segment in statisticsLayout.segments where segment.name.hasSuffix("running_var") {
      flat.withMutablePointer { target in
        for i in 0..<segment.count { target[segment.offset + i] = 1 }
      }
    }
    return ParameterVector(layout: statisticsLayout, flat: flat)
  }
}
