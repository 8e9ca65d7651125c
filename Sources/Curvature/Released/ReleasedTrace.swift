import EscapementKernels

/// The trace of the papers' released code: Hutchinson's estimator with its stopping rule (PyHessian: hessian.py,
/// `trace`).
///
/// It uses at most 100 vectors of ±1, not normalized. The running mean of vᵀHv is compared with the mean before the
/// last vector, and the run stops when the difference relative to |previous| + 1e-6 is below 1e-3. A running mean
/// changes less and less whatever its error, so the rule says little about accuracy: compare `HutchinsonTrace`.
/// (Versions before August 2021 divide by previous + 1e-6 without the modulus: row H3 of
/// Documentation/Discrepancies.md. This type follows the later versions.)
public struct ReleasedTrace: Hashable, Sendable {
  /// vᵀHv of each vector, rounded to the operator's type.
  public let samples: [Double]
  /// Whether the stopping rule was met.
  public let converged: Bool

  /// The mean of the samples.
  public var value: Double { samples.reduce(0, +) / Double(samples.count) }

  /// Samples `map`; throws if a product is not finite.
  public init<Operator: SymmetricOperator>(
    of map: Operator, limit: Int = 100, tolerance: Double = 1e-3, seed: UInt64
  ) throws {
    precondition(limit > 0 && tolerance > 0, "\(limit) products to a tolerance of \(tolerance)")
    var samples: [Double] = []
    var sum = 0.0
    var previous = 0.0
    var converged = false
    while samples.count < limit && !converged {
      let v = ProbeFamily.releasedTrace.rademacher(
        Operator.Element.self, map.dimension, seed: seed, index: UInt64(samples.count))
      let sample = try map.product(v).releasedDot(v)
      guard sample.isFinite else { throw LanczosError.nonFinite(step: samples.count + 1) }
      samples.append(sample)
      sum += sample
      let mean = sum / Double(samples.count)
      converged = (mean - previous).magnitude / (previous.magnitude + 1e-6) < tolerance
      previous = mean
    }
    self.samples = samples
    self.converged = converged
  }
}
