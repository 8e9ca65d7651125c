import EscapementStatistics
import EscapementKernels

/// The trace of an operator as the mean of zᵀHz over vectors z of ±1, with its standard error.
///
/// E zᵀHz = tr H, and the variance is 2(‖H‖_F² − Σᵢ Hᵢᵢ²), which is 0 for a diagonal matrix (Hutchinson, Commun.
/// Statist. Simula. 19, 1990). The number of products is fixed in advance and never depends on the values.
public struct HutchinsonTrace: Hashable, Sendable {
  /// zᵀHz of each vector.
  public let samples: [Double]

  /// The trace: mean, standard error and intervals.
  public var estimate: MeanEstimate { MeanEstimate(samples) }

  /// Samples `map` with `probes` vectors of the seed, one product each; throws if a product is not finite.
  ///
  /// The vectors have numbers from `first` on: traces with non-overlapping numbers are independent.
  public init<Operator: SymmetricOperator>(
    of map: Operator, probes: Int, seed: UInt64, first: Int = 0
  ) throws {
    precondition(probes >= 1 && first >= 0, "a trace needs one probe or more, got \(probes) from \(first) on")
    samples = try (first..<first + probes).map { i in
      let z = ProbeFamily.hutchinson.rademacher(
        Operator.Element.self, map.dimension, seed: seed, index: UInt64(i))
      let sample = try map.product(z).dot(z)
      guard sample.isFinite else { throw LanczosError.nonFinite(step: i - first + 1) }
      return sample
    }
  }
}
