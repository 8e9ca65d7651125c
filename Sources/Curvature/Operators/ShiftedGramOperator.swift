import EscapementKernels

/// AᵀA + μI for a matrix A of r rows and μ ≥ 0: symmetric and positive semi-definite by construction.
public struct ShiftedGramOperator<Element: Real>: SymmetricOperator {
  /// A, `[r][n]`.
  public let rows: Tensor<Element>
  /// μ.
  public let shift: Double
  /// n.
  public var dimension: Int { rows.shape[1] }

  /// The operator for A and μ; a matrix that is not finite or a negative μ is a programming error.
  public init(rows: Tensor<Element>, shift: Double = 0) {
    precondition(rows.shape.rank == 2 && rows.isFinite, "expected a finite matrix, got \(rows.shape)")
    precondition(shift >= 0 && shift.isFinite, "expected a shift of zero or more, got \(shift)")
    self.rows = rows
    self.shift = Double(Element(rounding: shift))
  }

  /// ‖E‖ ≤ (c(n) + c(r) + 2)·ε·(‖A‖_F² + μ), where c(k) is the number of roundings in a contraction of k terms.
  ///
  /// Each of the two matrix products has an error of c·ε/2 times the product of absolute values (as in
  /// `DenseSymmetricOperator`), which the row norms turn into ‖A‖_F·‖v‖ and ‖A‖_F·‖Av‖; the shift adds one rounded
  /// product and one rounded sum; ε = 2u covers second-order terms.
  public var productErrorBound: Double? {
    let terms = contractionRoundings(rows.shape[0]) + contractionRoundings(dimension) + 2
    return Double(terms) * Double(Element.ulpOfOne) * (rows.dot(rows) + shift)
  }

  /// AᵀAv + μv.
  public func product(_ vector: Tensor<Element>) -> Tensor<Element> {
    precondition(vector.count == dimension, "a vector of \(vector.count) for an operator of \(dimension)")
    let inner = vector.reshaped([1, dimension]).matmul(rows, transposeOther: true)
    return inner.matmul(rows).reshaped([dimension]).addingScaled(shift, vector)
  }
}
