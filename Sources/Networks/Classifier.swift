import EscapementCalculus

/// The last layer of a network, from features to logits.
public enum Classifier: String, Hashable, Sendable, CaseIterable {
  /// An affine map.
  case linear
  /// Cosines between features and class vectors, as LDAM is published with (`NormalizedDense`).
  case cosine

  /// The layer, declared under `name`; a cosine has a distribution of its own.
  func layer(
    name: String, input: Int, output: Int, distribution: WeightDistribution, layout: inout ParameterLayout
  ) -> any Layer {
    switch self {
    case .linear:
      Dense(name: name, input: input, output: output, distribution: distribution, layout: &layout)
    case .cosine: NormalizedDense(name: name, input: input, output: output, layout: &layout)
    }
  }

  /// What a network's name ends with.
  var suffix: String { self == .linear ? "" : "-\(rawValue)" }
}
