/// Welch's t test for the difference of two means with unequal variances.
///
/// t = (x̄ − ȳ)/√(s_x²/n_x + s_y²/n_y), on ν = (u + v)²/(u²/(n_x − 1) + v²/(n_y − 1)) degrees of freedom with u = s_x²/n_x and
/// v = s_y²/n_y; ν is not rounded. B. L. Welch, The generalization of "Student's" problem, Biometrika 34 (1947).
package struct WelchTest: Hashable, Sendable {
  /// x̄ − ȳ.
  package let difference: Double
  /// √(u + v).
  package let standardError: Double
  /// ν.
  package let degreesOfFreedom: Double

  /// The test of two samples; nil if neither has any spread, because no t exists then.
  package init?(_ x: SampleSummary, _ y: SampleSummary) {
    let u = x.squaredError
    let v = y.squaredError
    guard u + v > 0 else { return nil }
    // Uses shares of u + v, so that tiny variances do not underflow when squared.
    let share = u / (u + v)
    let rest = v / (u + v)
    self.init(
      difference: x.mean - y.mean, standardError: (u + v).squareRoot(),
      degreesOfFreedom: 1 / (share * share / Double(x.count - 1) + rest * rest / Double(y.count - 1)))
  }

  /// The test of two samples; nil if one has fewer than 2 values, values are not finite, or neither has any spread.
  package init?(_ x: [Double], _ y: [Double]) {
    guard let x = SampleSummary(x), let y = SampleSummary(y) else { return nil }
    self.init(x, y)
  }

  /// A test with known values; nil if they are not finite or the error is not positive.
  package init?(difference: Double, standardError: Double, degreesOfFreedom: Double) {
    guard difference.isFinite, standardError.isFinite, standardError > 0, degreesOfFreedom > 0,
      degreesOfFreedom.isFinite
    else { return nil }
    self.difference = difference
    self.standardError = standardError
    self.degreesOfFreedom = degreesOfFreedom
  }

  private var tails: StudentT { StudentT(degreesOfFreedom: degreesOfFreedom) }

  /// t for a true difference of 0.
  package var statistic: Double { difference / standardError }

  /// The p value against "the true difference is at most `bound`".
  package func pAbove(_ bound: Double = 0) -> Double { tails.upper((difference - bound) / standardError) }

  /// The p value against "the true difference is at least `bound`".
  package func pBelow(_ bound: Double = 0) -> Double { tails.lower((difference - bound) / standardError) }

  /// The p value against "the true difference is 0".
  package var pTwoSided: Double { tails.twoSided(statistic) }

  /// The interval that covers the true difference with probability `confidence`.
  package func interval(confidence: Double = 0.95) -> ClosedRange<Double> {
    let half = tails.quantile(upper: (1 - confidence) / 2) * standardError
    return half.isFinite ? difference - half...difference + half : -.infinity...(.infinity)
  }
}
