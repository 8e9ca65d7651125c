import CEscapementKernels

/// Means over the standard deviation of a normal sample, from which the power of a t test is computed.
///
/// With n − 1 = ν degrees of freedom the sample's standard deviation is σ·χ_ν/√ν. `mean` is ∫ g(x) f(x) dx with χ_ν's density f, by
/// Simpson's rule on 256 intervals, to 10⁻³.
package enum ChiIntegral {
  package static func mean(degreesOfFreedom nu: Double, of g: (_ chi: Double) -> Double) -> Double {
    // χ is within 9 of √ν except with probability 10⁻¹⁸.
    let low = max(0, nu.squareRoot() - 9)
    let intervals = 256
    let step = (nu.squareRoot() + 9 - low) / Double(intervals)
    let logScale = 0.693_147_180_559_945_3 * (1 - nu / 2) - LogGamma.value(nu / 2)
    var sum = 0.0
    for i in 0...intervals {
      let chi = low + Double(i) * step
      let density =
        chi == 0
        ? (nu == 1 ? ek_exp(logScale) : 0) : ek_exp(logScale + (nu - 1) * ek_log(chi) - chi * chi / 2)
      let weight = i == 0 || i == intervals ? 1.0 : (i % 2 == 1 ? 4 : 2)
      sum += weight * density * g(chi)
    }
    return sum * step / 3
  }
}
