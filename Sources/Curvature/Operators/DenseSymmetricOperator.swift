import CEscapementKernels
import EscapementKernels

/// A symmetric matrix as an operator.
public struct DenseSymmetricOperator<Element: Real>: SymmetricOperator {
  /// The matrix, `[n][n]`, equal to its transpose.
  public let matrix: Tensor<Element>
  /// n.
  public var dimension: Int { matrix.shape[0] }

  /// Wraps a square matrix. Entries (i, j) and (j, i) must be equal; otherwise it is a programming error.
  public init(_ matrix: Tensor<Element>) {
    precondition(
      matrix.shape.rank == 2 && matrix.shape[0] == matrix.shape[1],
      "expected a square matrix, got \(matrix.shape)")
    precondition(
      (matrix - matrix.transposed()).largestMagnitude == 0,
      "expected a finite matrix equal to its transpose, got asymmetric or non-finite entries")
    self.matrix = matrix
  }

  /// ‖E‖ ≤ γ·‖A‖_F, γ = (min(n, 512) + log₂ of the number of chunks + 1)·ε, with ε the distance from 1 to the next
  /// number.
  ///
  /// Each entry is a chain of at most 512 fused steps and a tree over chunks, so its error is at most γ times the
  /// product of absolute values (Higham, Accuracy and Stability of Numerical Algorithms,
  /// 3.1, with ε = 2u instead of u/(1 − ku)); the row norms then add up to the Frobenius norm.
  public var productErrorBound: Double? {
    Double(contractionRoundings(dimension)) * Double(Element.ulpOfOne) * matrix.norm()
  }

  /// A·v. It is computed as vᵀA, which is equal, so that the kernel's lanes run over outputs.
  public func product(_ vector: Tensor<Element>) -> Tensor<Element> {
    precondition(vector.count == dimension, "a vector of \(vector.count) for a matrix of \(dimension)")
    return vector.reshaped([1, dimension]).matmul(matrix).reshaped([dimension])
  }
}

extension Tensor {
  /// max |xᵢ| in Double; NaN if any element is, 0 for no elements.
  var largestMagnitude: Double {
    if count == 0 { return 0 }
    return Double(
      Tensor(shape: [1]) { target in
        map(.absolute).withPointer { ek_row_maxima(Element.kernelType, 1, count, $0, target) }
      }[0])
  }

  /// (A + Aᵀ) / 2, equal to its transpose bit for bit because addition commutes.
  public var symmetricPart: Tensor { (self + transposed()).scaled(by: 0.5) }
}
