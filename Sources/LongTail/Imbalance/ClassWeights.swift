/// Class weights of re-weighted losses.
public enum ClassWeights {
  /// The effective-number weights of Cui et al. 2019, as the released code normalizes them:
  /// E_c = (1 − b^{n_c}) / (1 − b) and w_c = (1/E_c) · C / Σ_k (1/E_k), so that Σ w = C.
  ///
  /// b = 0.9999 in the released code. Powers are computed by repeated squaring in Double, so the bits are the same on
  /// every machine. Counts must be positive and 0 ≤ b < 1.
  public static func effectiveNumber(counts: [Int], base: Double = 0.9999) -> [Double] {
    precondition(base >= 0 && base < 1, "the base lies in [0, 1), got \(base)")
    precondition(counts.allSatisfy { $0 > 0 }, "every class needs at least one image, got \(counts)")
    return normalized(counts.map { (1 - base) / (1 - power(base, $0)) })
  }

  /// The weights 1/n_c, also normalized to Σ w = C: the limit b → 1 of the effective number.
  public static func inverseFrequency(counts: [Int]) -> [Double] {
    precondition(counts.allSatisfy { $0 > 0 }, "every class needs at least one image, got \(counts)")
    return normalized(counts.map { 1 / Double($0) })
  }

  private static func normalized(_ weights: [Double]) -> [Double] {
    let sum = weights.reduce(0, +)
    return weights.map { $0 * Double(weights.count) / sum }
  }

  /// x^n by repeated squaring.
  static func power(_ x: Double, _ n: Int) -> Double {
    var (result, square, rest) = (1.0, x, n)
    while rest > 0 {
      if rest & 1 == 1 { result *= square }
      square *= square
      rest >>= 1
    }
    return result
  }
}
