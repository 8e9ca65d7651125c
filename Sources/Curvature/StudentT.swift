import CKernels

/// Student's t distribution with a whole number of degrees of freedom ν.
///
/// With t = √ν·tan θ, P(|T| ≤ t) is a finite sum in sin θ and cos θ (Abramowitz and Stegun, Handbook of
/// Mathematical Functions, 26.7.3 and 26.7.4). The quantile is found by bisection on θ/π, with the package's
/// own cosine, so its bits are the same everywhere.
public struct StudentT: Hashable, Sendable {
  /// ν.
  public let degreesOfFreedom: Int

  /// The distribution of ν ≥ 1 degrees of freedom.
  public init(degreesOfFreedom: Int) {
    precondition(degreesOfFreedom >= 1, "1 or more degrees of freedom, got \(degreesOfFreedom)")
    self.degreesOfFreedom = degreesOfFreedom
  }

  /// The t with P(|T| ≤ t) = `confidence`, which lies in (0, 1).
  ///
  /// P is computed to (ν + 8)·ε at most, a sum of ν/2 products below 1, so t is that of a confidence that is
  /// off by no more: choose one with 1 − `confidence` far above that.
  public func quantile(twoSided confidence: Double) -> Double {
    precondition(confidence > 0 && confidence < 1, "a confidence between 0 and 1, got \(confidence)")
    var low = 0.0
    var high = 0.5
    while true {
      let middle = low + (high - low) / 2
      if middle == low || middle == high { break }
      if coverage(angle: middle) < confidence { low = middle } else { high = middle }
    }
    // `low` is below ½, where the cosine is not yet 0.
    return Double(degreesOfFreedom).squareRoot() * ek_cospi(0.5 - low) / ek_cospi(low)
  }

  /// P(|T| ≤ √ν·tan(π·`angle`)) for an angle of 0 to ½.
  func coverage(angle: Double) -> Double {
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
