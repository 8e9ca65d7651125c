import EscapementStatistics

/// The share of a spectrum below −`fraction`·|λ_max|, from quadrature rules of random probes.
///
/// For a Gaussian probe v/‖v‖ the expected mass of its rule below a point is the share of eigenvalues there.
/// Two uncertainties, kept apart: that of few probes (Student's t interval of the mean) and that of few steps,
/// for which the inequalities of Chebyshev, Markov and Stieltjes give strict limits in exact arithmetic: a rule's
/// mass without the last node below the point, and with the first node above it.
public struct NegativeMass: Hashable, Sendable {
  /// The point below which mass counts.
  public let threshold: Double
  /// Mass of each probe's rule below the threshold.
  public let masses: [Double]
  /// The mass the rules allow at the least, averaged over probes.
  public let leastMass: Double
  /// The mass the rules allow at the most, averaged over probes.
  public let greatestMass: Double

  /// The mean over probes.
  public var estimate: MeanEstimate { MeanEstimate(masses) }

  /// Student's t interval over probes, cut to [0, 1] where the mass lies; nil for a single probe.
  public func interval(confidence: Double = 0.95) -> ClosedRange<Double>? {
    estimate.interval(confidence: confidence).map { $0.clamped(to: 0...1) }
  }

  /// The mass of one rule a probe; nodes ascend within each. λ_max is the largest node of all.
  ///
  /// The default of a hundredth of λ_max is this package's choice: it leaves out the bulk around 0.
  public init(_ rules: [GaussQuadrature], fraction: Double = 0.01) {
    precondition(!rules.isEmpty && rules.allSatisfy { !$0.nodes.isEmpty }, "the mass of no nodes")
    precondition(fraction >= 0, "a fraction of zero or more, got \(fraction)")
    let point = -fraction * rules.map { $0.nodes.max()! }.max()!.magnitude
    threshold = point
    var least = 0.0
    var greatest = 0.0
    masses = rules.map { rule in
      let below = rule.nodes.prefix { $0 < point }.count
      let mass = rule.weights.prefix(below).reduce(0, +)
      least += below > 0 ? mass - rule.weights[below - 1] : 0
      greatest += below < rule.weights.count ? mass + rule.weights[below] : mass
      return mass
    }
    leastMass = least / Double(rules.count)
    greatestMass = greatest / Double(rules.count)
  }
}
