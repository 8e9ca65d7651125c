import CEscapementKernels

/// How far the spectrum may extend beyond the Ritz values, with a failure probability.
///
/// For a Gaussian start vector and k steps, θ_max ≥ λ_max − ε(λ_max − λ_min) fails with probability at most
/// 1.648·√n·exp(−√ε·(2k − 1)), and likewise θ_min ≤ λ_min + ε(λ_max − λ_min) (Kuczyński and Woźniakowski, SIAM J.
/// Matrix Anal. Appl. 13, 1992; their statement for positive H also holds here because Lanczos commutes with shifts and
/// with a change of sign). The bound uses no property of the spectrum; only such a statement bounds λ_min from below.
public struct KrylovProbabilityBound: Hashable, Sendable {
  /// k, the number of steps taken.
  public let steps: Int
  /// n.
  public let dimension: Int
  /// The failure probability of each of the two statements.
  public let failureProbability: Double
  /// ε, as a fraction of λ_max − λ_min; a value of 1 or more gives no information.
  public let relativeGap: Double

  /// The ε that `steps` steps reach with the given failure probability.
  public init(steps: Int, dimension: Int, failureProbability: Double) {
    precondition(steps > 0 && dimension > 0, "\(steps) steps in dimension \(dimension)")
    precondition(
      failureProbability > 0 && failureProbability < 1,
      "a failure probability between 0 and 1, got \(failureProbability)")
    self.steps = steps
    self.dimension = dimension
    self.failureProbability = failureProbability
    let root = ek_log(1.648 * Double(dimension).squareRoot() / failureProbability) / Double(2 * steps - 1)
    relativeGap = root * root
  }

  /// The smallest number of steps after which both statements hold with this ε, each except with probability
  /// `failureProbability`; never more than the dimension, where Lanczos ends.
  ///
  /// The number depends only on n, ε and the probability, so it can be chosen before a product is computed.
  public static func steps(dimension: Int, relativeGap: Double, failureProbability: Double) -> Int {
    precondition(relativeGap > 0 && relativeGap < 1, "a gap between 0 and 1, got \(relativeGap)")
    let logarithm = ek_log(1.648 * Double(dimension).squareRoot() / failureProbability)
    let wanted = (1 + logarithm / relativeGap.squareRoot()) / 2
    guard wanted < Double(dimension) else { return dimension }
    var steps = max(1, Int(wanted))
    // Corrects for rounding in the division: one more step if the bound is missed by its last bit.
    while steps < dimension,
      !(KrylovProbabilityBound(steps: steps, dimension: dimension, failureProbability: failureProbability)
        .relativeGap <= relativeGap)
    { steps += 1 }
    return steps
  }

  /// The bound on the failure probability for a given ε, at most 1.
  public static func failureProbability(steps: Int, dimension: Int, relativeGap: Double) -> Double {
    precondition(steps > 0 && dimension > 0, "\(steps) steps in dimension \(dimension)")
    precondition(relativeGap >= 0, "a gap of zero or more, got \(relativeGap)")
    return min(
      1,
      1.648 * Double(dimension).squareRoot()
        * ek_exp(-relativeGap.squareRoot() * Double(2 * steps - 1)))
  }

  /// How far λ_min may lie below θ_min, and λ_max above θ_max; nil if ε ≥ ½, where no bound follows.
  ///
  /// If both statements hold, θ_max − θ_min ≥ (1 − 2ε)(λ_max − λ_min), so the overhang ε(λ_max − λ_min) is at most ε/(1
  /// − 2ε) times the spread of the Ritz values. This fails with probability at most twice `failureProbability`.
  public func overhang(ritzSpread: Double) -> Double? {
    relativeGap < 0.5 ? relativeGap / (1 - 2 * relativeGap) * ritzSpread : nil
  }
}
