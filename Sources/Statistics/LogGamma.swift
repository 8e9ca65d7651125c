import CEscapementKernels

/// ln Γ(x) for x > 0, by Stirling's series after a shift to x ≥ 10.
///
/// There the series to x⁻¹¹ has an error of at most 7·10⁻¹⁶ (its first omitted term), so the relative error of Γ is a
/// few roundings of |x ln x|. NaN for x ≤ 0 and for NaN. Abramowitz and Stegun, Handbook of Mathematical Functions,
/// 6.1.41.
package enum LogGamma {
  package static func value(_ x: Double) -> Double {
    guard x > 0 else { return .nan }
    var argument = x
    var product = 1.0
    while argument < 10 {
      product *= argument
      argument += 1
    }
    let inverse = 1 / argument
    let square = inverse * inverse
    var series = -691.0 / 360360
    for coefficient in [1.0 / 1188, -1.0 / 1680, 1.0 / 1260, -1.0 / 360, 1.0 / 12] {
      series = series * square + coefficient
    }
    let halfLogTwoPi = 0.918_938_533_204_672_7
    let stirling = (argument - 0.5) * ek_log(argument) - argument + halfLogTwoPi + series * inverse
    return product == 1 ? stirling : stirling - ek_log(product)
  }
}
