import CKernels

/// The standard normal distribution, with the package's own arithmetic: the same bits everywhere.
public enum NormalDistribution {
  /// The z with P(Z ≤ z) = `probability`, which lies in (0, 1).
  public static func quantile(_ probability: Double) -> Double {
    precondition(
      probability > 0 && probability < 1, "a probability between 0 and 1, got \(probability)")
    return ek_normal_quantile(probability)
  }

  /// P(Z ≤ z), by bisection on `quantile`; 0 or 1 where that is nearer than any probability between, NaN of NaN.
  public static func probability(below z: Double) -> Double {
    guard !z.isNaN else { return .nan }
    if z == 0 { return 0.5 }
    // The quantile is resolved best near 0, so only the lower half is searched.
    if z > 0 { return 1 - probability(below: -z) }
    var low = 0.0
    var high = 0.5
    while true {
      let middle = low + (high - low) / 2
      if middle == low || middle == high { return low }
      if ek_normal_quantile(middle) <= z { low = middle } else { high = middle }
    }
  }
}
