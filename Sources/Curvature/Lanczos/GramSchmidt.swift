import EscapementKernels

extension Tensor {
  /// Removes the components along an orthonormal `basis` by modified Gram–Schmidt, `passes` times over.
  ///
  /// Coefficients are in Double; each subtraction is one fused step an element. Twice is enough where once
  /// is not: a vector that loses almost all its length (Parlett, The Symmetric Eigenvalue Problem, ch. 6).
  mutating func orthogonalize(against basis: [Tensor], passes: Int = 2) {
    for _ in 0..<passes {
      for v in basis { addProduct(-v.dot(self), v) }
    }
  }
}
