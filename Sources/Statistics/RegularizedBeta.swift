import CEscapementKernels

/// The regularized incomplete beta function Iₓ(a, b), by its continued fraction.
///
/// The modified Lentz evaluation of Abramowitz and Stegun, Handbook of Mathematical Functions, 26.5.8, on the side of
/// the mean where it converges fast. `complement` is 1 − x, a separate argument so that it loses no digits. The
/// relative error is about (a + b)·|ln(a + b)|·2⁻⁵², from the factor before the fraction; it is below 10⁻¹² for a + b ≤
/// 1000.
package enum RegularizedBeta {
  /// Iₓ(a, b) for a, b > 0 and x in [0, 1]; NaN for other arguments, or if the fraction does not converge.
  package static func value(x: Double, complement y: Double, _ a: Double, _ b: Double) -> Double {
    guard a > 0, b > 0, a.isFinite, b.isFinite, x >= 0, y >= 0, x <= 1, y <= 1 else { return .nan }
    if x == 0 { return 0 }
    if y == 0 { return 1 }
    let logFactor =
      LogGamma.value(a + b) - LogGamma.value(a) - LogGamma.value(b) + a * ek_log(x) + b * ek_log(y)
    let factor = ek_exp(logFactor)
    return x < (a + 1) / (a + b + 2) ? factor * fraction(x, a, b) / a : 1 - factor * fraction(y, b, a) / b
  }

  private static func fraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    // Keeps a partial denominator away from zero; it is far below any value that matters.
    let tiny = 1e-300
    func away(_ value: Double) -> Double { value.magnitude < tiny ? tiny : value }
    var c = 1.0
    var d = 1 / away(1 - (a + b) * x / (a + 1))
    var result = d
    // The number of terms grows like the square root of the larger parameter: 100 000 suffice beyond 10⁹.
    for m in 1...100_000 {
      let k = Double(m)
      let even = k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k))
      d = 1 / away(1 + even * d)
      c = away(1 + even / c)
      result *= d * c
      let odd = -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1))
      d = 1 / away(1 + odd * d)
      c = away(1 + odd / c)
      let step = d * c
      result *= step
      if (step - 1).magnitude <= Double.ulpOfOne { return result }
    }
    return .nan
  }
}
