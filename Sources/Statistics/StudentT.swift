import CEscapementKernels

/// Student's t distribution with any real number of degrees of freedom ν > 0, in the package's own arithmetic: the same
/// bits on every machine.
///
/// P(T ≥ t) = ½·I_{ν/(ν+t²)}(ν/2, ½) for t ≥ 0 (Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.1). The
/// relative error is below 10⁻¹² for ν ≤ 1000, also far into the tail.
package struct StudentT: Hashable, Sendable {
  /// ν.
  package let degreesOfFreedom: Double

  /// The distribution with ν > 0 degrees of freedom; for any other ν every probability is NaN.
  package init(degreesOfFreedom: Double) { self.degreesOfFreedom = degreesOfFreedom }

  /// P(T ≥ t).
  package func upper(_ t: Double) -> Double {
    let nu = degreesOfFreedom
    guard nu > 0, nu.isFinite, !t.isNaN else { return .nan }
    if t.isInfinite { return t > 0 ? 0 : 1 }
    // t² may overflow, so t/√ν is squared instead. Beyond 10¹⁵⁰ the tail of any ν ≥ 1 is below 10⁻¹⁵⁰.
    let ratio = t / nu.squareRoot()
    if ratio.magnitude > 1e150 { return t > 0 ? 0 : 1 }
    let square = ratio * ratio
    let tail =
      RegularizedBeta.value(x: 1 / (1 + square), complement: square / (1 + square), nu / 2, 0.5) / 2
    return t >= 0 ? tail : 1 - tail
  }

  /// P(T ≤ t).
  package func lower(_ t: Double) -> Double { upper(-t) }

  /// P(|T| ≥ |t|).
  package func twoSided(_ t: Double) -> Double { 2 * upper(t.magnitude) }

  /// The t with P(T ≥ t) = p, for p in (0, 1); NaN for other arguments.
  ///
  /// It bisects down to neighboring numbers, so the error is that of `upper`.
  package func quantile(upper p: Double) -> Double {
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

  /// The t with P(|T| ≤ t) = `confidence`, which must be in (0, 1), for an integer number of degrees of freedom.
  ///
  /// With t = √ν·tan θ, P(|T| ≤ t) is a finite sum in sin θ and cos θ (26.7.3 and 26.7.4 there), computed with an error
  /// of at most (ν + 8)·ε; the quantile is found by bisection on θ/π. The result is therefore the quantile of a
  /// confidence that is off by at most this error: choose a confidence with 1 − `confidence` far above it.
  package static func quantile(twoSided confidence: Double, degreesOfFreedom: Int) -> Double {
    precondition(degreesOfFreedom >= 1, "1 or more degrees of freedom, got \(degreesOfFreedom)")
    precondition(confidence > 0 && confidence < 1, "a confidence between 0 and 1, got \(confidence)")
    var low = 0.0
    var high = 0.5
    while true {
      let middle = low + (high - low) / 2
      if middle == low || middle == high { break }
      if coverage(angle: middle, degreesOfFreedom) < confidence { low = middle } else { high = middle }
    }
    // `low` is below ½, so the cosine is not yet 0.
    return Double(degreesOfFreedom).squareRoot() * ek_cospi(0.5 - low) / ek_cospi(low)
  }

  /// P(|T| ≤ √ν·tan(π·`angle`)) for an angle from 0 to ½.
  package static func coverage(angle: Double, _ degreesOfFreedom: Int) -> Double {
    let sine = ek_cospi(0.5 - angle)
    let cosine = ek_cospi(angle)
    let isOdd = degreesOfFreedom % 2 == 1
    // ν even: sin θ (1 + ½cos² + (1·3)/(2·4)cos⁴ + …); odd: 2/π (θ + sin θ (cos + ⅔cos³ + …)).
    var term = isOdd ? cosine : 1
    var sum = degreesOfFreedom == 1 ? 0 : term
    var k = isOdd ? 3 : 2
    while k < degreesOfFreedom {
      term *= cosine * cosine * Double(k - 1) / Double(k)
      sum += term
      k += 2
    }
    return isOdd ? 2 * angle + 2 / Double.pi * sine * sum : sine * sum
  }
}
