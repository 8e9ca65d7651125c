/// A symmetric tridiagonal matrix in Double, the form to which Lanczos reduces an operator.
public struct SymmetricTridiagonal: Hashable, Sendable {
  /// The n diagonal entries.
  public let diagonal: [Double]
  /// The n − 1 entries beside them (none for n = 0).
  public let offDiagonal: [Double]

  /// A matrix with these two diagonals; lengths that do not match are a programming error.
  public init(diagonal: [Double], offDiagonal: [Double]) {
    precondition(
      offDiagonal.count == max(diagonal.count - 1, 0),
      "\(diagonal.count) diagonal entries need \(max(diagonal.count - 1, 0)) beside them, got \(offDiagonal.count)"
    )
    self.diagonal = diagonal
    self.offDiagonal = offDiagonal
  }

  /// n.
  public var dimension: Int { diagonal.count }

  /// The largest row sum of absolute values: ‖T‖₂ ≤ ‖T‖_∞ ≤ √3·‖T‖₂, because a row has at most three entries.
  public var rowSumNorm: Double {
    var largest = 0.0
    for i in 0..<dimension {
      let left = i > 0 ? offDiagonal[i - 1].magnitude : 0
      let right = i + 1 < dimension ? offDiagonal[i].magnitude : 0
      largest = max(largest, left + diagonal[i].magnitude + right)
    }
    return largest
  }
}
