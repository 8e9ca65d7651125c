import EscapementKernels

/// The "top eigenvalue" of the papers' released code: power iteration (PyHessian: hessian.py, `eigenvalues`).
///
/// It starts from a standard normal vector and takes at most 100 products. The Rayleigh quotient vᵀHv is compared with
/// the previous one, and iteration stops when their difference relative to |previous| + 1e-6 is below 1e-3. Then the
/// *previous* quotient is returned. It tends to the eigenvalue of largest modulus with its sign, so for a strong saddle
/// it may be λ_min (row H5 of Documentation/Discrepancies.md). Vectors and scalars are in the operator's type, with the
/// roundings of `ReleasedLanczos`. As in the released code, vectors are normalized twice before each product.
public struct ReleasedTopEigenvalue: Hashable, Sendable {
  /// The value returned.
  public let value: Double
  /// The quotients of all products.
  public let quotients: [Double]
  /// Whether the stopping rule was met.
  public let converged: Bool

  /// Iterates on `map`; throws if a product is not finite.
  public init<Operator: SymmetricOperator>(
    of map: Operator, limit: Int = 100, tolerance: Double = 1e-3, seed: UInt64
  ) throws {
    precondition(limit > 0 && tolerance > 0, "\(limit) products to a tolerance of \(tolerance)")
    var v = ProbeFamily.releasedPower.gaussian(Operator.Element.self, map.dimension, seed: seed, index: 0)
      .releasedNormalized()
    var quotients: [Double] = []
    var value = 0.0
    var converged = false
    while quotients.count < limit && !converged {
      v = v.releasedNormalized()
      let hv = try map.product(v)
      let quotient = hv.releasedDot(v)
      guard quotient.isFinite else { throw LanczosError.nonFinite(step: quotients.count + 1) }
      v = hv.releasedNormalized()
      converged =
        !quotients.isEmpty && (value - quotient).magnitude / (value.magnitude + 1e-6) < tolerance
      quotients.append(quotient)
      if !converged { value = quotient }
    }
    self.value = value
    self.quotients = quotients
    self.converged = converged
  }
}
