import EscapementKernels

/// What one extra product proves about the spectrum near an approximate eigenpair.
///
/// For symmetric H and any y ≠ 0, some eigenvalue lies within ‖Hy − ρy‖/‖y‖ of ρ, and λ_min ≤ yᵀHy/yᵀy ≤ λ_max
/// (Parlett, The Symmetric Eigenvalue Problem, ch. 4). Both are statements about the measured product, not about the
/// recurrence, so they remain true if Lanczos was inexact. If the product is measured with an operator of another type
/// than that of Lanczos (Double after Float), they hold for that operator.
public struct RitzCertificate: Hashable, Sendable {
  /// The eigenvalue of T.
  public let ritzValue: Double
  /// ρ = yᵀHy/yᵀy in Double.
  public let rayleighQuotient: Double
  /// ‖Hy − ρy‖/‖y‖ as measured.
  public let residual: Double
  /// The size of the error in `residual` or ρ due to rounding.
  public let rounding: Double
  /// Whether `rounding` is a bound (the operator derives one for its products) or the estimate
  /// √n·ε·‖T‖_∞ for a product's error.
  public let roundingIsBound: Bool
  /// β_m·|s_m|, the recurrence's estimate of the residual. It is only an estimate: it underflows, and rounding makes it
  /// fall far below the true residual.
  public let recurrenceEstimate: Double

  /// At least one eigenvalue lies here.
  public var interval: ClosedRange<Double> {
    rayleighQuotient - residual - rounding...rayleighQuotient + residual + rounding
  }

  /// |λ_min/λ_max| of two ends of one spectrum; nil if the largest cannot be told from zero: a zero operator has no
  /// ratio.
  package static func ratio(smallest: RitzCertificate, largest: RitzCertificate) -> Double? {
    guard largest.rayleighQuotient.magnitude > largest.rounding else { return nil }
    return (smallest.rayleighQuotient / largest.rayleighQuotient).magnitude
  }

  /// Measures the eigenpair number `index` (ascending) of T with one product of `map`.
  public init<Element: Real, Operator: SymmetricOperator>(
    _ index: Int, of krylov: KrylovDecomposition<Element>, eigen: TridiagonalEigen,
    measuredBy map: Operator
  ) throws {
    let s = eigen.vector(index)
    // The statements are about the rounded vector.
    let rounded = krylov.ritzVector(s).converted(to: Operator.Element.self)
    guard
      let pair = try EigenpairCertificate(rounded, measuredBy: map, norm: krylov.tridiagonal.rowSumNorm)
    else { throw LanczosError.nonFinite(step: krylov.steps + 1) }

    ritzValue = eigen.values[index]
    rayleighQuotient = pair.rayleighQuotient
    residual = pair.residual
    rounding = pair.rounding
    roundingIsBound = pair.roundingIsBound
    recurrenceEstimate = krylov.beta[krylov.steps - 1] * s[krylov.steps - 1].magnitude
  }
}
