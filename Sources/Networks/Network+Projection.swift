import EscapementCalculus

extension Network {
  /// The head that computes PaCo's contrasted features: dense, batch norm with ReLU, dense.
  ///
  /// Maps features `[n][features]` to `[n][dimensions]`, not yet of unit length (see
  /// `PaCoLoss.evaluate(projections:…)`). 64 features, 64 hidden units and 32 dimensions are the values of
  /// github.com/dvlab-research/Parametric-Contrastive-Learning with ResNet-32 on CIFAR-100 LT; the segments have the
  /// names used there. There the first layer is added to a network that is already initialized, so it has PyTorch's
  /// default U(±1/√fan_in) and the last one N(0, 2/fan_in).
  public static func projectionHead(features: Int = 64, dimensions: Int = 32) -> Network {
    var layout = ParameterLayout()
    var statistics = ParameterLayout()
    let layers: [any Layer] = [
      Dense(
        name: "fc.0", input: features, output: features, distribution: .uniformFanIn, layout: &layout),
      BatchNorm(name: "fc.1", channels: features, rectified: true, layout: &layout, statistics: &statistics),
      Dense(name: "fc.3", input: features, output: dimensions, layout: &layout),
    ]
    return Network(
      name: "projection-\(features)-\(dimensions)", classes: dimensions, layout: layout,
      statisticsLayout: statistics, layers: layers)
  }
}
