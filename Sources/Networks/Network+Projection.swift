import EscapementCalculus

extension Network {
  /// The head from which PaCo's contrasted features come: dense, batch norm with ReLU, dense.
  ///
  /// Features `[n][features]` to `[n][dimensions]`, not of unit length yet (see `PaCoLoss.evaluate(projections:…)`).
  /// 64 features, as many hidden ones and 32 dimensions are those of github.com/dvlab-research/Parametric-Contrastive-Learning
  /// with ResNet-32 on CIFAR-100 LT; the segments have its names. The first layer was put in front of a network
  /// already initialized, so it has PyTorch's default U(±1/√fan_in) and the last one N(0, 2/fan_in).
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
