import EscapementCalculus

extension Network {
  /// The length of a projection, from github.com/dvlab-research/Parametric-Contrastive-Learning with ResNet-32 on
  /// CIFAR-100 LT.
  package static let projectionDimensions = 32

  /// The layers of the head that computes PaCo's contrasted features: dense, batch norm with ReLU, dense.
  ///
  /// They map features `[n][features]` to `[n][dimensions]`, not yet of unit length (see
  /// `PaCoLoss.evaluate(projections:…)`), with as many hidden units as features: 64 with ResNet-32. The segments have
  /// the names of the released code. There the first layer is added to a network that is already initialized, so it has
  /// PyTorch's default U(±1/√fan_in) and the last one N(0, 2/fan_in).
  static func projectionHead(
    features: Int, dimensions: Int = projectionDimensions, layout: inout ParameterLayout,
    statistics: inout ParameterLayout
  ) -> [any Layer] {
    [
      Dense(
        name: "fc.0", input: features, output: features, distribution: .uniformFanIn, layout: &layout),
      BatchNorm(name: "fc.1", channels: features, rectified: true, layout: &layout, statistics: &statistics),
      Dense(name: "fc.3", input: features, output: dimensions, layout: &layout),
    ]
  }

  /// Projections and logits for a batch; the network must have a projection head.
  func forwardProjected<T: TensorAlgebra>(
    _ images: T, _ pass: inout Pass<T>
  ) -> (projections: T, logits: T) {
    precondition(hasProjection, "\(name) has no projection head")
    let output = forward(images, &pass)
    var x = output.features
    for layer in projection { x = layer.forward(x, &pass) }
    return (x, output.logits)
  }

  /// Adds the parameters' gradients to the pass, given those with respect to projections and logits.
  func backward<T: TensorAlgebra>(projections: T, logits: T, _ pass: inout Pass<T>) {
    var gradient = projections
    for layer in projection.reversed() {
      guard let next = layer.backward(gradient, &pass, needsInput: true) else { return }
      gradient = next
    }
    backward(ClassifierGradient(features: gradient, logits: logits), &pass)
  }
}
