import EscapementStatistics

/// The share of a spectrum below −`fraction`·|λ_max|, from quadrature rules of random probes.
///
/// For a Gaussian probe v/‖v‖ the expected mass of its rule below a point is the share of eigenvalues there. Two
/// uncertainties are given separately. The one from few probes is Student's t interval of the mean. The one from few
/// steps has strict limits in exact arithmetic, by the inequalities of Chebyshev, Markov and Stieltjes: a rule's mass
/// without the last node below the point, and with the first node above it.
public struct NegativeMass: Hashable, Sendable {
  /// The point below which mass is counted.
  public let threshold: Double
  /// The mass of each probe's rule below the threshold.
  public let masses: [Double]
  /// The smallest mass that the rules allow, averaged over probes.
  public let leastMass: Double
  /// The largest mass that the rules allow, averaged over probes.
  public let greatestMass: Double

  /// The mean over probes.
  public var estimate: MeanEstimate { MeanEstimate(masses) }

  /// Student's t interval over probes, restricted to [0, 1], where the mass lies; nil for a single probe.
  public func interval(confidence: Double = 0.95) -> ClosedRange<Double>? {
    estimate.interval(confidence: confidence).map { $0.clamped(to: 0...1) }
  }

  /// The mass for one rule per probe, with ascending nodes in each. λ_max is the largest node of all rules.
  ///
  /// The default of a hundredth of λ_max is this package's choice: it excludes the bulk around 0.
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
