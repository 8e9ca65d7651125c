/// Tail probabilities of Student's t distribution with any real number of degrees of freedom ν > 0.
///
/// P(T ≥ t) = ½·I_{ν/(ν+t²)}(ν/2, ½) for t ≥ 0 (Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.1).
/// Relative error below 10⁻¹² for ν ≤ 1000, far into the tail as well. `Curvature.StudentT` has the quantiles of whole ν.
public struct StudentTails: Hashable, Sendable {
  /// ν.
  public let degreesOfFreedom: Double

  /// The distribution of ν > 0 degrees of freedom; every probability of another ν is NaN.
  public init(degreesOfFreedom: Double) { self.degreesOfFreedom = degreesOfFreedom }

  /// P(T ≥ t).
  public func upper(_ t: Double) -> Double {
    let nu = degreesOfFreedom
    guard nu > 0, nu.isFinite, !t.isNaN else { return .nan }
    if t.isInfinite { return t > 0 ? 0 : 1 }
    // t² may overflow: t/√ν is squared instead, and beyond 10¹⁵⁰ the tail of any ν ≥ 1 is below 10⁻¹⁵⁰.
    let ratio = t / nu.squareRoot()
    if ratio.magnitude > 1e150 { return t > 0 ? 0 : 1 }
    let square = ratio * ratio
    let tail =
      RegularizedBeta.value(x: 1 / (1 + square), complement: square / (1 + square), nu / 2, 0.5) / 2
    return t >= 0 ? tail : 1 - tail
  }

  /// P(T ≤ t).
  public func lower(_ t: Double) -> Double { upper(-t) }

  /// P(|T| ≥ |t|).
  public func twoSided(_ t: Double) -> Double { 2 * upper(t.magnitude) }

  /// The t with P(T ≥ t) = p, for p in (0, 1); NaN for anything else.
  ///
  /// Bisection to neighbouring numbers, so the error is that of `upper`.
  public func quantile(upper p: Double) -> Double {
    guard p > 0, p < 1, degreesOfFreedom > 0, degreesOfFreedom.isFinite else { return .nan }
    if p > 0.5 { return -quantile(upper: 1 - p) }
    var low = 0.0
    var high = 1.0
    while upper(high) > p, high < 1e150 {
      low = high
      high *= 2
    }
    while true {
      let middle = low + (high - low) / 2
      if middle <= low || middle >= high { return middle }
      if upper(middle) > p { low = middle } else { high = middle }
    }
  }
}
