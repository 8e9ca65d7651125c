import EscapementCalculus
import EscapementKernels
import EscapementRandomness

/// Positive semidefinite operators with a known rank, a known shift and noise that is drawn again at each product.
///
/// A has r independent Gaussian rows, row i (from 0) scaled to the squared length `largest`·(1 − i/r); the operator is
/// AᵀA + μI. A draw adds noise to A: row i gains `noise`·‖aᵢ‖/√n times independent standard normals, a vector of about
/// `noise` times its length. This models the second derivative of a mean of squares, where each row is a sample's
/// derivative and is changed by redrawn augmentation. Every draw is positive semidefinite (λ_min ≥ μ), so a negative
/// eigenvalue found in the family is an artifact of the method that found it. The linear profile of lengths is this
/// package's choice.
public struct SyntheticPSD<Element: Real>: Sendable {
  /// A, `[r][n]`.
  public let rows: Tensor<Element>
  /// The length of a row's noise relative to the row.
  public let noise: Double
  /// μ.
  public let shift: Double
  /// Seed of rows and noise.
  public let seed: UInt64

  /// A member of the family; a rank outside 1…n, a negative noise or a negative shift is a programming error.
  public init(
    dimension: Int, rank: Int, largest: Double = 50, noise: Double = 0, shift: Double = 0, seed: UInt64
  ) {
    precondition(rank >= 1 && rank <= dimension, "rank \(rank) in dimension \(dimension)")
    precondition(largest > 0 && noise >= 0, "largest \(largest) and noise \(noise)")
    self.noise = noise
    self.shift = shift
    self.seed = seed
    let raw = Self.normals([rank, dimension], seed: seed, index: 0)
    let scales = (0..<rank).map { i in
      let row = raw.view(at: i * dimension, shape: [dimension])
      return Element(rounding: (largest * (1 - Double(i) / Double(rank)) / row.dot(row)).squareRoot())
    }
    rows = raw.zipRows(.multiply, Tensor(scales))
  }

  /// The operator without noise: one fixed matrix.
  public var fixed: ShiftedGramOperator<Element> { ShiftedGramOperator(rows: rows, shift: shift) }

  /// Draw number `index`.
  public func drawn(_ index: Int) -> ShiftedGramOperator<Element> {
    let (rank, dimension) = (rows.shape[0], rows.shape[1])
    let scales = (0..<rank).map { i in
      let row = rows.view(at: i * dimension, shape: [dimension])
      return Element(rounding: noise * (row.dot(row) / Double(dimension)).squareRoot())
    }
    let normals = Self.normals([rank, dimension], seed: seed, index: UInt64(index) + 1)
    return ShiftedGramOperator(rows: rows + normals.zipRows(.multiply, Tensor(scales)), shift: shift)
  }

  /// The operator whose product number i is that of draw number i.
  public var redrawn: RedrawnOperator<ShiftedGramOperator<Element>> {
    RedrawnOperator(dimension: rows.shape[1]) { drawn($0) }
  }

  private static func normals(_ shape: Shape, seed: UInt64, index: UInt64) -> Tensor<Element> {
    .standardNormal(seed: seed, purpose: .fixture, index: 1 << 40 | index, shape: shape)
  }
}
