import EscapementKernels

/// An operator as a dense matrix, computed with one product per column: the exact reference for small networks.
///
/// It takes n products and n² doubles, and is meant for up to about 2,000 parameters.
public struct DenseHessian: Sendable {
  /// Row j is the product with unit vector j, as computed: `[n][n]`.
  public let matrix: Tensor<Double>
  /// The largest |A_ij − A_ji|: rounding for a symmetric operator; a larger value shows that the operator is not
  /// symmetric.
  public let asymmetry: Double

  /// Computes the matrix of `map`.
  public init<Operator: SymmetricOperator>(of map: Operator) throws where Operator.Element == Double {
    let n = map.dimension
    let zero = Tensor<Double>.zeros([n])
    matrix = try Tensor(shape: [n, n]) { target in
      for j in 0..<n {
        var unit = zero
        unit.withMutablePointer { $0[j] = 1 }
        let column = try map.product(unit)
        precondition(column.count == n, "a product of \(column.count) entries from an operator of \(n)")
        column.withPointer { (target + j * n).update(from: $0, count: n) }
      }
    }
    asymmetry = (matrix - matrix.transposed()).largestMagnitude
  }

  /// (A + Aᵀ)/2 as an operator.
  public var symmetricPart: DenseSymmetricOperator<Double> { DenseSymmetricOperator(matrix.symmetricPart) }
}
