import EscapementStatistics

/// The share of the mini-batch gradients' second moment along a direction, which tests the assumption CNC of Theorem 1.
///
/// Correlated negative curvature (Daneshmand et al., ICML 2018) requires E⟨v, g_b⟩² ≥ γ > 0 along the eigenvector v of
/// λ_min. Any noise that is not exactly orthogonal to v satisfies this, so the inequality alone cannot fail. The
/// statement that the gradients prefer v can fail: the ratio d·E⟨v, g_b⟩² / E‖g_b‖², d the number of parameters, is 1
/// on average over directions uniform on the sphere, and 1 for isotropic noise in every direction.
package struct NegativeCurvatureNoise: Hashable, Sendable {
  /// d·Σ⟨v, g_b⟩² / Σ‖g_b‖².
  package let ratio: BootstrapEstimate
  /// (mean ⟨v, g_b⟩)² / mean ⟨v, g_b⟩²: the share of the second moment that comes from the mean gradient, not from
  /// noise.
  package let meanShare: BootstrapEstimate

  /// The ratio along direction number `direction` of the rows, in a space of `dimension` parameters.
  package init(of rows: [MiniBatchRow], direction: Int, dimension: Int, bootstrap: Bootstrap) {
    let table = rows.map { row in
      let x = row.plain[direction]
      return [x, x * x, row.gradientNorm * row.gradientNorm]
    }
    let count = Double(rows.count)
    ratio = bootstrap.estimate(table) { Double(dimension) * $0[1] / $0[2] }
    meanShare = bootstrap.estimate(table) { $0[0] * $0[0] / (count * $0[1]) }
  }

  /// Whether the interval lies above 1.
  package var prefersDirection: Bool { ratio.isAbove(1) }

  /// "ratio > 1: interval excludes 1", or that it includes values up to 1.
  package var text: String {
    guard ratio.interval != nil else { return "ratio > 1: no interval" }
    return prefersDirection ? "ratio > 1: interval excludes 1" : "ratio > 1: interval includes values <= 1"
  }
}
