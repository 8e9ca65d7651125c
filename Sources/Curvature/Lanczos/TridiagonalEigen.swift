/// Why the eigenvalues of a tridiagonal matrix could not be computed.
public enum TridiagonalEigenError: Error, Equatable, CustomStringConvertible {
  /// An entry is infinite or NaN: its diagonal (0 for the main one, 1 for the other) and index.
  case nonFinite(diagonal: Int, index: Int)
  /// The eigenvalue at this index did not converge within the allowed sweeps.
  case notConverged(index: Int, sweeps: Int)

  /// A one-line message.
  public var description: String {
    switch self {
    case .nonFinite(let diagonal, let index):
      "tridiagonal matrix: \(diagonal == 0 ? "diagonal" : "off-diagonal") entry \(index) is not finite"
    case .notConverged(let index, let sweeps):
      "tridiagonal matrix: eigenvalue \(index) did not converge in \(sweeps) QL sweeps"
    }
  }
}

/// The eigen-decomposition T = Z·diag(θ)·Zᵀ of a symmetric tridiagonal matrix, by our own implicit QL.
///
/// Implicit QL with Wilkinson's shift (Dubrulle, Martin and Wilkinson, "The implicit QL algorithm", Numer. Math. 12,
/// 1968; routine imtql2 of EISPACK), in Double with + − × ÷ √ only, so that the bits are the same on every machine. The
/// matrix is first scaled by a power of two, so that entries from 1e-300 to 1e300 do not overflow, and do not underflow
/// where it matters. Z is stored as its plane rotations, O(n²) numbers, and applied on demand: a row or a column of Z
/// costs O(n²), never O(n³).
///
/// Error: each sweep is orthogonal up to a backward error E whose entries lie in a band of three and are at most 8u·‖T‖
/// each, so ‖E‖ ≤ 24u·‖T‖ = 12ε·‖T‖; by Weyl's theorem an eigenvalue moves by at most `errorBound`.
public struct TridiagonalEigen: Sendable {
  /// Eigenvalues in ascending order.
  public let values: [Double]
  /// The first component of each eigenvector: the first row of Z. Their errors are absolute, a few ulp of 1.
  public let firstComponents: [Double]
  /// The number of QL sweeps, two to three per eigenvalue.
  public let sweeps: Int
  /// 12·(sweeps + 1)·ε·‖T‖_∞, a bound on the error of an eigenvalue.
  public let errorBound: Double

  private struct Rotation {
    var index: Int
    var cosine: Double
    var sine: Double
  }
  private let rotations: [Rotation]
  /// `order[i]` is the position at which QL left eigenvalue i.
  private let order: [Int]

  /// The largest number of sweeps for one eigenvalue; EISPACK allows 30, and a few suffice in practice.
  static let sweepLimit = 60

  /// Decomposes `matrix`. Throws for non-finite entries, or if an eigenvalue does not converge.
  public init(_ matrix: SymmetricTridiagonal) throws {
    if let i = matrix.diagonal.firstIndex(where: { !$0.isFinite }) {
      throw TridiagonalEigenError.nonFinite(diagonal: 0, index: i)
    }
    if let i = matrix.offDiagonal.firstIndex(where: { !$0.isFinite }) {
      throw TridiagonalEigenError.nonFinite(diagonal: 1, index: i)
    }
    let largest = (matrix.diagonal + matrix.offDiagonal).reduce(0) { max($0, $1.magnitude) }
    let scale = largest == 0 ? 0 : Int(largest.exponent) + 1
    var iteration = QLIteration(
      d: matrix.diagonal.map { Double(sign: .plus, exponent: -scale, significand: $0) },
      e: matrix.offDiagonal.map { Double(sign: .plus, exponent: -scale, significand: $0) } + [0])
    try iteration.run()

    let raw = iteration.d
    order = raw.indices.sorted { raw[$0] != raw[$1] ? raw[$0] < raw[$1] : $0 < $1 }
    values = order.map { Double(sign: .plus, exponent: scale, significand: raw[$0]) }
    sweeps = iteration.sweeps
    errorBound = 12 * Double(sweeps + 1) * Double.ulpOfOne * matrix.rowSumNorm
    rotations = iteration.rotations

    var row = [Double](repeating: 0, count: raw.count)
    if !row.isEmpty { row[0] = 1 }
    for r in rotations {
      let next = row[r.index + 1]
      row[r.index + 1] = r.sine * row[r.index] + r.cosine * next
      row[r.index] = r.cosine * row[r.index] - r.sine * next
    }
    firstComponents = order.map { row[$0] }
  }

  /// The unit eigenvector of `values[index]`: a column of Z, with the sign that makes it consistent with
  /// `firstComponents`.
  public func vector(_ index: Int) -> [Double] {
    precondition(values.indices.contains(index), "eigenvector \(index) of \(values.count)")
    var column = [Double](repeating: 0, count: values.count)
    column[order[index]] = 1
    for r in rotations.reversed() {
      let here = column[r.index]
      let next = column[r.index + 1]
      column[r.index] = r.cosine * here + r.sine * next
      column[r.index + 1] = r.cosine * next - r.sine * here
    }
    return column
  }

  private struct QLIteration {
    var d: [Double]
    /// One longer than the off-diagonal: the last entry is always 0.
    var e: [Double]
    var sweeps = 0
    var rotations: [Rotation] = []

    mutating func run() throws {
      for l in d.indices {
        var tries = 0
        while true {
          let m = blockEnd(from: l)
          if m == l { break }
          tries += 1
          guard tries <= TridiagonalEigen.sweepLimit else {
            throw TridiagonalEigenError.notConverged(index: l, sweeps: tries - 1)
          }
          sweep(from: l, to: m)
        }
      }
    }

    /// The end of the unreduced block that starts at `l`: off-diagonals at or below ε times their
    /// diagonal neighbors count as zero.
    private func blockEnd(from l: Int) -> Int {
      var m = l
      while m < d.count - 1 {
        let neighbors = d[m].magnitude + d[m + 1].magnitude
        if e[m].magnitude <= Double.ulpOfOne * neighbors { return m }
        m += 1
      }
      return m
    }

    private mutating func sweep(from l: Int, to m: Int) {
      sweeps += 1
      let ratio = (d[l + 1] - d[l]) / (2 * e[l])
      let root = hypotenuse(ratio, 1)
      // Wilkinson's shift: the eigenvalue of the leading 2×2 block that is nearer to d[l].
      var g = d[m] - d[l] + e[l] / (ratio + (ratio < 0 ? -root : root))
      var sine = 1.0
      var cosine = 1.0
      var p = 0.0
      for i in stride(from: m - 1, through: l, by: -1) {
        let f = sine * e[i]
        let b = cosine * e[i]
        let r = hypotenuse(f, g)
        e[i + 1] = r
        if r == 0 {
          // The bulge underflowed: the block splits here and the next sweep continues with the parts.
          d[i + 1] -= p
          e[m] = 0
          return
        }
        sine = f / r
        cosine = g / r
        g = d[i + 1] - p
        let t = (d[i] - g) * sine + 2 * cosine * b
        p = sine * t
        d[i + 1] = g + p
        g = cosine * t - b
        rotations.append(Rotation(index: i, cosine: cosine, sine: sine))
      }
      d[l] -= p
      e[l] = g
      e[m] = 0
    }
  }
}

/// √(a² + b²) without overflow or underflow, from IEEE operations only.
private func hypotenuse(_ a: Double, _ b: Double) -> Double {
  let large = max(a.magnitude, b.magnitude)
  if large == 0 { return 0 }
  let ratio = min(a.magnitude, b.magnitude) / large
  return large * (1 + ratio * ratio).squareRoot()
}
