import EscapementKernels

extension Tensor {
  /// Removes the components along an orthonormal `basis` by modified Gram–Schmidt, in `passes` passes.
  ///
  /// Coefficients are in Double; each subtraction is one fused step per element. Two passes are enough also where one
  /// is not: for a vector that loses almost all its length (Parlett, The Symmetric Eigenvalue Problem, ch. 6).
  mutating func orthogonalize(against basis: [Tensor], passes: Int = 2) {
    for _ in 0..<passes {
      for v in basis { addProduct(-v.dot(self), v) }
    }
  }
}
