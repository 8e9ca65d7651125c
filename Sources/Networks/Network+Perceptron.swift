import EscapementCalculus

extension Network {
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
}
