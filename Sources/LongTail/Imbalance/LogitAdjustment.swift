import CEscapementKernels

/// Per-class constants by which losses shift and scale logits, computed from the counts of a profile.
public enum LogitAdjustment {
  /// LDAM's margins m_c = m_max · (n_min / n_c)^{1/4} (Cao et al. 2019).
  ///
  /// `maximum` is m_max: 0.5 on CIFAR, 0.3 on ImageNet-LT and iNaturalist in the released code. The fourth root is
  /// computed as two square roots, so the bits are the same on every machine. Counts must be positive.
  public static func margins(counts: [Int], maximum: Double = 0.5) -> [Double] {
    let smallest = Double(checked(counts).min() ?? 1)
    return counts.map { maximum * (smallest / Double($0)).squareRoot().squareRoot() }
  }

  /// VS's multiplicative constants D_c = (n_max / n_c)^γ ≥ 1, by which logits are divided (Kini et al. 2021).
  ///
  /// γ = 0.05 on every CIFAR setting of the NeurIPS 2022 supplement; 0 gives logit adjustment alone.
  public static func divisors(counts: [Int], gamma: Double = 0.05) -> [Double] {
    let largest = Double(checked(counts).max() ?? 1)
    return counts.map { $0 == Int(largest) ? 1 : ek_exp(gamma * ek_log(largest / Double($0))) }
  }

  /// VS's additive constants ι_c = τ · ln π_c with the training frequencies π_c = n_c / Σ n, added to logits.
  ///
  /// τ = 0.75 on every CIFAR setting of the NeurIPS 2022 supplement; 0 gives the class-dependent temperature alone.
  /// A `constant` is added to π_c before the logarithm (10⁻⁹ in PaCo's released code).
  public static func offsets(counts: [Int], tau: Double = 0.75, constant: Double = 0) -> [Double] {
    let total = Double(checked(counts).reduce(0, +))
    return counts.map { tau * ek_log(Double($0) / total + constant) }
  }

  private static func checked(_ counts: [Int]) -> [Int] {
    precondition(counts.allSatisfy { $0 > 0 }, "every class needs at least one image, got \(counts)")
    return counts
  }
}
