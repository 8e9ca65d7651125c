/// Two one-sided tests: whether a difference lies within ±`margin`.
///
/// p is the larger of the p values against δ ≤ −margin and δ ≥ margin. D. J. Schuirmann, A comparison of the two
/// one-sided tests procedure and the power approach, Journal of Pharmacokinetics and Biopharmaceutics 15 (1987). A
/// difference that is not significant does not show equivalence: a small sample makes any difference insignificant.
package struct EquivalenceTest: Hashable, Sendable {
  /// The number of seeds assumed for a printed mean when agreement is to be shown; the papers state none.
  package static let assumedCount = 3
  /// The smallest number of seeds that a "±" can have. It is assumed when a printed mean is to be contradicted, because
  /// it favors the printed mean.
  package static let fewestCount = 2

  /// The difference with its error and degrees of freedom.
  package let test: WelchTest
  /// The margin, positive.
  package let margin: Double

  /// The test of a difference; nil if the margin is not positive and finite.
  package init?(_ test: WelchTest, margin: Double) {
    guard margin > 0, margin.isFinite else { return nil }
    self.test = test
    self.margin = margin
  }

  /// Whether two samples' means agree, with Welch's error and degrees of freedom; nil if no t exists.
  package init?(_ x: SampleSummary, _ y: SampleSummary, margin: Double) {
    guard let test = WelchTest(x, y) else { return nil }
    self.init(test, margin: margin)
  }

  /// Whether a sample's mean agrees with a printed mean of m seeds; m is `assumedCount` unless another number is given.
  ///
  /// With a printed std this is Welch's form. Without one the sample's own spread is used for both: s·√(1/n + 1/m) on n
  /// − 1 degrees of freedom. nil if no t exists.
  package init?(
    _ x: SampleSummary, printed mean: Double, std: Double?, count: Int = assumedCount, margin: Double
  ) {
    if let std {
      guard let y = SampleSummary(count: count, mean: mean, standardDeviation: std) else {
        return nil
      }
      self.init(x, y, margin: margin)
      return
    }
    let scale = (1 / Double(x.count) + 1 / Double(count)).squareRoot()
    guard
      let test = WelchTest(
        difference: x.mean - mean, standardError: x.standardDeviation * scale,
        degreesOfFreedom: Double(x.count - 1))
    else { return nil }
    self.init(test, margin: margin)
  }

  /// The p value against "the means differ by the margin or more".
  package var pEquivalent: Double {
    let above = test.pAbove(-margin)
    let below = test.pBelow(margin)
    // Swift's `max` ignores a NaN in one of its arguments.
    return above.isNaN || below.isNaN ? .nan : max(above, below)
  }

  /// The p value against "the means differ by the margin or less": both sides, each at half the level.
  package var pDifferent: Double {
    let above = test.pAbove(margin)
    let below = test.pBelow(-margin)
    return above.isNaN || below.isNaN ? .nan : min(1, 2 * min(above, below))
  }
}
