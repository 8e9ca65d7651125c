import EscapementLongTail

// The VS loss and its two special cases.

extension AdjustedLogits {
  /// VS (Kini et al. 2021): z_c / D_c + ι_c with `LogitAdjustment.divisors` and `.offsets`.
  ///
  /// γ = 0.05 and τ = 0.75 on every CIFAR setting of the NeurIPS 2022 supplement. The quotient is computed as a product
  /// with 1/D_c, which is rounded once. γ = 0 omits the factors, τ = 0 the offsets.
  public static func vs(counts: [Int], gamma: Double = 0.05, tau: Double = 0.75) -> AdjustedLogits {
    AdjustedLogits(
      factors: gamma == 0 ? nil : LogitAdjustment.divisors(counts: counts, gamma: gamma).map { 1 / $0 },
      offsets: tau == 0 ? nil : LogitAdjustment.offsets(counts: counts, tau: tau))
  }

  /// Logit adjustment (Menon et al. 2021): VS with γ = 0.
  public static func logitAdjustment(counts: [Int], tau: Double = 0.75) -> AdjustedLogits {
    vs(counts: counts, gamma: 0, tau: tau)
  }

  /// The class-dependent temperature (Ye et al. 2020): VS with τ = 0.
  public static func classDependentTemperature(counts: [Int], gamma: Double = 0.05) -> AdjustedLogits {
    vs(counts: counts, gamma: gamma, tau: 0)
  }
}
