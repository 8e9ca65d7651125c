import EscapementKernels

/// The result of Lanczos: an orthonormal basis V and the tridiagonal T = VᵀHV.
public struct KrylovDecomposition<Element: Real>: Sendable {
  /// Why the process ended.
  public enum End: String, Hashable, Sendable {
    /// All requested steps were taken.
    case steps
    /// β fell to rounding level: the basis spans an invariant subspace up to rounding.
    case invariantSubspace
  }

  /// α₁…α_m, the diagonal of T.
  public let alpha: [Double]
  /// β₁…β_m: the first m − 1 are the off-diagonal of T, the last is the norm of the remainder.
  public let beta: [Double]
  /// The m basis vectors.
  public let basis: [Tensor<Element>]
  /// ‖start vector‖ before normalization.
  public let startNorm: Double
  /// Why the process ended.
  public let end: End

  /// The number of steps taken.
  public var steps: Int { alpha.count }

  /// T.
  public var tridiagonal: SymmetricTridiagonal {
    SymmetricTridiagonal(diagonal: alpha, offDiagonal: Array(beta.dropLast()))
  }

  /// The largest |VᵀV − I| over all entries, in Double; NaN if one is.
  public var orthogonalityLoss: Double {
    var largest = 0.0
    for i in basis.indices {
      for j in 0...i {
        let deviation = (basis[i].dot(basis[j]) - (i == j ? 1 : 0)).magnitude
        // `max` would ignore a NaN.
        if deviation.isNaN { return deviation }
        largest = max(largest, deviation)
      }
    }
    return largest
  }

  /// V·s in Double, not rounded to the element type: the Ritz vector of an eigenvector s of T.
  public func ritzVector(_ coefficients: [Double]) -> Tensor<Double> {
    precondition(coefficients.count == steps, "\(coefficients.count) coefficients for \(steps) basis vectors")
    var sum = Tensor<Double>.zeros(basis[0].shape)
    for (s, v) in zip(coefficients, basis) { sum.addProduct(s, v.converted(to: Double.self)) }
    return sum
  }
}
