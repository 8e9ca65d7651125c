import EscapementCalculus

/// The last layer of a network, from features to logits.
public enum Classifier: String, Hashable, Sendable, CaseIterable {
  /// An affine map.
  case linear
  /// Cosines between features and class vectors, as published with LDAM (`NormalizedDense`).
  case cosine
  /// An affine map, with a head beside it that projects the features, as published with PaCo (see
  /// `ContrastiveObjective`); for CIFAR ResNets only.
  case projected

  /// The layer, declared under `name`; the cosine classifier has its own initial distribution.
  func layer(
    name: String, input: Int, output: Int, distribution: WeightDistribution, layout: inout ParameterLayout
  ) -> any Layer {
    switch self {
    case .linear:
      Dense(name: name, input: input, output: output, distribution: distribution, layout: &layout)
    case .cosine: NormalizedDense(name: name, input: input, output: output, layout: &layout)
    // PaCo's released code adds it to a network that is already initialized, so PyTorch's default remains.
    case .projected:
      Dense(name: name, input: input, output: output, distribution: .uniformFanIn, layout: &layout)
    }
  }

  /// The suffix of a network's name.
  var suffix: String { self == .linear ? "" : "-\(rawValue)" }
}
