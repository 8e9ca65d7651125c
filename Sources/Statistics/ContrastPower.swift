/// The probability that a one-sided t test of a mean finds an effect, as a function of the number of seeds.
///
/// The values are normal with mean `effect` and standard deviation `spread`; the test is against `bound` at a given
/// level. Its statistic is a noncentral t with δ = (effect − bound)·√n/spread, and the probability is the mean over χ
/// of Φ(δ − t·χ/√ν), with t the quantile of Student's t on ν = n − 1 degrees of freedom.
package struct ContrastPower: Hashable, Sendable {
  /// The true mean.
  package let effect: Double
  /// The standard deviation of a value.
  package let spread: Double
  /// The value that the mean is tested to exceed.
  package let bound: Double

  /// A setting; nil if a number is not finite or the spread is not positive.
  package init?(effect: Double, spread: Double, bound: Double = 0) {
    guard effect.isFinite, bound.isFinite, spread > 0, spread.isFinite else { return nil }
    (self.effect, self.spread, self.bound) = (effect, spread, bound)
  }

  /// The probability with n values at a level; nil for fewer than 2 values or a level outside (0, ½).
  package func power(count n: Int, level: Double) -> Double? {
    guard n >= 2, level > 0, level < 0.5 else { return nil }
    let nu = Double(n - 1)
    let shift = (effect - bound) * Double(n).squareRoot() / spread
    let quantile = StudentT(degreesOfFreedom: nu).quantile(upper: level)
    return Self.chance(shift: shift, quantile: quantile, degreesOfFreedom: nu)
  }

  /// The mean over χ of Φ(δ − t·χ/√ν).
  private static func chance(shift: Double, quantile: Double, degreesOfFreedom nu: Double) -> Double {
    let slope = quantile / nu.squareRoot()
    let power = ChiIntegral.mean(degreesOfFreedom: nu) {
      NormalDistribution.probability(below: shift - slope * $0)
    }
    return power.isNaN ? .nan : min(1, max(0, power))
  }

  /// The smallest effect, in standard deviations of a value, that n values find with probability `target`, to one part
  /// in 2¹⁴; nil for fewer than 2 values or a level outside (0, ½).
  package static func detectable(count n: Int, level: Double, power target: Double = 0.8) -> Double? {
    guard n >= 2, level > 0, level < 0.5 else { return nil }
    var (low, high) = (0.0, 1.0)
    let nu = Double(n - 1)
    let quantile = StudentT(degreesOfFreedom: nu).quantile(upper: level)
    func power(_ effect: Double) -> Double {
      chance(shift: effect * Double(n).squareRoot(), quantile: quantile, degreesOfFreedom: nu)
    }
    while power(high) < target {
      high *= 2
      guard high < 1e6 else { return nil }
    }
    for _ in 0..<14 {
      let middle = (low + high) / 2
      if power(middle) < target { low = middle } else { high = middle }
    }
    return high
  }
}
