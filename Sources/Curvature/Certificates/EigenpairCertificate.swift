import EscapementKernels

/// What one product with any vector y ≠ 0 proves about the spectrum of a symmetric H.
///
/// Some eigenvalue lies within ‖Hy − ρy‖/‖y‖ of ρ = yᵀHy/yᵀy, and λ_min ≤ ρ ≤ λ_max (Parlett, The Symmetric Eigenvalue
/// Problem, ch. 4). This holds however y was found.
public struct EigenpairCertificate: Hashable, Sendable {
  /// ρ = yᵀHy/yᵀy in Double.
  public let rayleighQuotient: Double
  /// ‖Hy − ρy‖/‖y‖ as measured.
  public let residual: Double
  /// The size of the error in `residual` or ρ due to rounding.
  public let rounding: Double
  /// Whether `rounding` is a bound (the operator derives one for its products) or an estimate.
  public let roundingIsBound: Bool

  /// At least one eigenvalue lies here.
  public var interval: ClosedRange<Double> {
    rayleighQuotient - residual - rounding...rayleighQuotient + residual + rounding
  }

  /// Measures y with one product of `map`; nil if y is zero or the product is not finite.
  ///
  /// If the operator derives no bound for its products, √n·ε·`norm` is the estimate of their error, where `norm` is a
  /// value of ‖H‖'s size.
  public init?<Operator: SymmetricOperator>(
    _ vector: Tensor<Operator.Element>, measuredBy map: Operator, norm: Double
  ) throws {
    let y = vector.converted(to: Double.self)
    let hy = try map.product(vector).converted(to: Double.self)
    let length = y.norm()
    let quotient = hy.dot(y) / y.dot(y)
    guard quotient.isFinite, length > 0 else { return nil }

    rayleighQuotient = quotient
    residual = (hy - y.scaled(by: quotient)).norm() / length
    let n = Double(map.dimension)
    let bound = map.productErrorBound
    let product = bound ?? n.squareRoot() * Double(Operator.Element.ulpOfOne) * norm
    // Double arithmetic after the product: a dot product in 32 lanes is a chain of n/32 and five folds; quotient,
    // scaling, difference, root and divisions add fewer than ten roundings; ε = 2u covers second-order terms.
    let arithmetic = (n / 32 + 16) * Double.ulpOfOne * (hy.norm() / length + quotient.magnitude)
    // Squares below the smallest positive number vanish from the residual's norm, n of them at most.
    let underflow = (n * Double.leastNonzeroMagnitude).squareRoot()
    rounding = product + arithmetic + underflow
    roundingIsBound = bound != nil
  }
}
