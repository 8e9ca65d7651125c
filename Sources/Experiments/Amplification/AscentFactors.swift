import EscapementOptimizers
import EscapementStatistics
import EscapementTraining

/// The form of SAM's ascent to which a factor belongs.
package enum Ascent: String, Hashable, Sendable, CaseIterable {
  /// ρ g/(‖g‖ + 10⁻¹²), which is used in training.
  case normalized
  /// ρ g, which Theorem 1 assumes.
  case unnormalized

  /// (1 + ρλ/‖g‖) or (1 + ρλ): the factor of ⟨v, g⟩ if v is an eigenvector of the mini-batch's Hessian.
  package func factor(rho: Double, curvature: Double, gradientNorm: Double) -> Double {
    switch self {
    case .normalized: 1 + rho * curvature / (gradientNorm + SAM<SGD<Double>>.normConstant)
    case .unnormalized: 1 + rho * curvature
    }
  }
}

/// The effect of an ascent on the gradient along v over many mini-batches, measured and predicted by the theory.
///
/// The *ratio* is Σ_b⟨v, g_b^SAM⟩² / Σ_b⟨v, g_b⟩², the ratio of two second moments. It is not a mean of ratios.
/// ⟨v, g_b⟩ passes through zero with a density that does not vanish there, so the ratio ⟨v, g_b^SAM⟩²/⟨v, g_b⟩² has the
/// tail of the square of a Cauchy variable. Its mean does not exist, and its averages do not converge, however many
/// mini-batches are taken. The *slope* is that of the regression of ⟨v, g_b^SAM⟩ on ⟨v, g_b⟩ through the origin,
/// Σ xy/Σ x², which keeps the sign that squares lose: it is negative if the sign of the component is reversed.
///
/// The theory multiplies each mini-batch's component by 1 + ρλ (unnormalized) or 1 + ρλ/‖g_b‖ (normalized) before
/// taking the same sums. This is exact on a quadratic with additive noise. Otherwise the difference contains the effect
/// of the mini-batch's own Hessian and of the truncation after Hg.
package struct AscentFactors: Hashable, Sendable {
  /// The ascent.
  package let ascent: Ascent
  /// The curvature λ used by the theory.
  package let curvature: Double
  /// Σ⟨v, g^SAM⟩² / Σ⟨v, g⟩².
  package let ratio: BootstrapEstimate
  /// Σ f²⟨v, g⟩² / Σ⟨v, g⟩² with the theory's factor f of each mini-batch.
  package let predictedRatio: BootstrapEstimate
  /// The measured ratio minus the theory's, over the same resamples.
  package let ratioExcess: BootstrapEstimate
  /// Σ⟨v, g^SAM⟩⟨v, g⟩ / Σ⟨v, g⟩².
  package let slope: BootstrapEstimate
  /// Σ f⟨v, g⟩² / Σ⟨v, g⟩².
  package let predictedSlope: BootstrapEstimate
  /// The measured slope minus the theory's.
  package let slopeExcess: BootstrapEstimate

  /// Whether the intervals of both differences contain 0, so that measurement and prediction cannot be distinguished.
  package var isConsistent: Bool { ratioExcess.holds(0) && slopeExcess.holds(0) }

  /// The factors of an ascent of length ρ along direction number `direction` of the rows.
  package init(
    _ ascent: Ascent, of rows: [MiniBatchRow], direction: Int, rho: Double, curvature: Double,
    bootstrap: Bootstrap
  ) {
    self.ascent = ascent
    self.curvature = curvature
    // Columns: x², y², xy, f²x², fx².
    let table = rows.map { row in
      let x = row.plain[direction]
      let y = ascent == .normalized ? row.normalized[direction] : row.unnormalized[direction]
      let f = ascent.factor(rho: rho, curvature: curvature, gradientNorm: row.gradientNorm)
      return [x * x, y * y, x * y, f * x * (f * x), f * x * x]
    }
    ratio = bootstrap.estimate(table) { $0[1] / $0[0] }
    predictedRatio = bootstrap.estimate(table) { $0[3] / $0[0] }
    ratioExcess = bootstrap.estimate(table) { ($0[1] - $0[3]) / $0[0] }
    slope = bootstrap.estimate(table) { $0[2] / $0[0] }
    predictedSlope = bootstrap.estimate(table) { $0[4] / $0[0] }
    slopeExcess = bootstrap.estimate(table) { ($0[2] - $0[4]) / $0[0] }
  }
}
