/// The shares of mini-batches on which Theorem 1's factor amplifies a component or reverses its sign, by its condition
/// and as measured.
package struct AmplificationShares: Hashable, Sendable {
  /// The share of mini-batches on which (1 + ρλ/‖g_b‖)² > 1: for λ < 0 those with ρ|λ| > 2‖g_b‖.
  package let amplifying: Double
  /// The share on which 1 + ρλ/‖g_b‖ < 0: those with ρ|λ| > ‖g_b‖ and λ < 0.
  package let reversing: Double
  /// The share on which the normalized ascent was measured to increase |⟨v, g⟩|.
  package let amplified: Double
  /// The share on which ⟨v, g^SAM⟩ was measured to have the opposite sign of ⟨v, g⟩.
  package let reversed: Double

  /// The shares along direction number `direction`, for the normalized ascent.
  package init(of rows: [MiniBatchRow], direction: Int, rho: Double, curvature: Double) {
    precondition(!rows.isEmpty, "shares of no mini-batches")
    func share(_ holds: (MiniBatchRow) -> Bool) -> Double {
      Double(rows.count(where: holds)) / Double(rows.count)
    }
    let reach = rho * curvature.magnitude
    amplifying = share { curvature < 0 ? reach > 2 * $0.gradientNorm : reach > 0 }
    reversing = share { curvature < 0 && reach > $0.gradientNorm }
    amplified = share { $0.normalized[direction].magnitude > $0.plain[direction].magnitude }
    reversed = share { $0.normalized[direction] * $0.plain[direction] < 0 }
  }
}
