import Kernels

/// The trace of an operator as the mean of zᵀHz over vectors z of ±1, with its standard error.
///
/// E zᵀHz = tr H, and the variance is 2(‖H‖_F² − Σᵢ Hᵢᵢ²): none for a diagonal matrix (Hutchinson, Commun.
/// Statist. Simula. 19, 1990). The number of products is chosen beforehand, never by looking at the values.
public struct HutchinsonTrace: Hashable, Sendable {
  /// zᵀHz of each vector.
  public let samples: [Double]

  /// The trace: mean, standard error and intervals.
  public var estimate: MeanEstimate { MeanEstimate(samples) }

  /// Samples `map` with `probes` vectors of the seed, one product each; throws when one is not finite.
  public init<Operator: SymmetricOperator>(of map: Operator, probes: Int, seed: UInt64) throws {
    precondition(probes >= 1, "a trace needs one probe or more, got \(probes)")
    samples = try (0..<probes).map { i in
      let z = ProbeFamily.hutchinson.rademacher(
        Operator.Element.self, map.dimension, seed: seed, index: UInt64(i))
      let sample = try map.product(z).dot(z)
      guard sample.isFinite else { throw LanczosError.nonFinite(step: i + 1) }
      return sample
    }
  }
}
