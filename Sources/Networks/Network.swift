import EscapementCalculus
import EscapementKernels

/// A chain of layers from images (or feature vectors) to logits, with the layout of its parameters.
public struct Network: Sendable, CustomStringConvertible {
  /// The name in records: "resnet32-w16", "mlp-4-8-3-tanh".
  public let name: String
  /// The number of logits.
  public let classes: Int
  /// Trainable parameters, in the order of the published PyTorch models.
  public let layout: ParameterLayout
  /// Running means and variances of batch norm.
  public let statisticsLayout: ParameterLayout
  let layers: [any Layer]
  // From the features to the projections that a contrastive loss compares; empty without such a head.
  let projection: [any Layer]
  /// Whether the network has a head that projects its features, for a contrastive loss.
  package var hasProjection: Bool { !projection.isEmpty }

  /// A network of your own.
  ///
  /// `layers` makes the layers in order, from the images `[n][height][width][channels]` or features `[n][features]` to
  /// the logits `[n][classes]`. Each layer declares its parameters, and batch norm its running statistics, in the two
  /// layouts. There must be at least one layer.
  public init(
    name: String, classes: Int,
    layers: (_ parameters: inout ParameterLayout, _ statistics: inout ParameterLayout) -> [any Layer]
  ) {
    var (layout, statisticsLayout) = (ParameterLayout(), ParameterLayout())
    let layers = layers(&layout, &statisticsLayout)
    precondition(
      !layers.isEmpty && classes >= 1, "a network of \(layers.count) layers for \(classes) classes")
    self.init(
      name: name, classes: classes, layout: layout, statisticsLayout: statisticsLayout, layers: layers)
  }

  init(
    name: String, classes: Int, layout: ParameterLayout, statisticsLayout: ParameterLayout,
    layers: [any Layer], projection: [any Layer] = []
  ) {
    self.name = name
    self.classes = classes
    self.layout = layout
    self.statisticsLayout = statisticsLayout
    self.layers = layers
    self.projection = projection
  }

  /// The name.
  public var description: String { name }

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
  /// Initial parameters as the layers declare them, a pure function of the seed.
  public func initialParameters<Element: Real>(seed: UInt64) -> ParameterVector<Element> {
    ParameterVector(initializing: layout, seed: seed)
  }

  /// Running means 0 and variances 1.
  public func initialStatistics<Element: Real>() -> ParameterVector<Element> {
    // The initial values are constants, so the seed has no effect.
    ParameterVector(initializing: statisticsLayout, seed: 0)
  }
}
