/// The eigen-decomposition of a small dense symmetric matrix by cyclic Jacobi rotations, in Double.
///
/// Each rotation annihilates one off-diagonal entry (Golub and Van Loan, Matrix Computations,
/// 8.5); sweeps are repeated until no entry exceeds ε/n times the largest. It uses only + − × ÷ √, so the bits are the
/// same on every machine. The cost is O(n³) per sweep and there are only a few sweeps; it is meant for the projected
/// problems of block methods, n up to a few dozen.
struct JacobiEigen {
  /// Eigenvalues, ascending; ties in the order of their columns.
  let values: [Double]
  /// Unit eigenvectors: `vectors[j][i]` is component i of that of `values[j]`.
  let vectors: [[Double]]

  /// The largest number of sweeps. Convergence is quadratic, and ten sweeps are rarely needed.
  private static let sweepLimit = 40

  /// Decomposes `matrix`; only the upper triangle is read; entries must be finite.
  init(_ matrix: [[Double]]) {
    let n = matrix.count
    precondition(matrix.allSatisfy { $0.count == n }, "expected a square matrix of \(n) rows")
    precondition(matrix.allSatisfy { $0.allSatisfy(\.isFinite) }, "expected finite entries")
    var a = matrix
    for i in 0..<n { for j in 0..<i { a[i][j] = a[j][i] } }
    var z = (0..<n).map { i in (0..<n).map { $0 == i ? 1.0 : 0 } }
    let largest = a.reduce(0) { $1.reduce($0) { max($0, $1.magnitude) } }
    let negligible = Double.ulpOfOne / Double(max(n, 1)) * largest
    for _ in 0..<Self.sweepLimit {
      var rotated = false
      for p in 0..<n {
        for q in (p + 1)..<max(n, p + 1) where a[p][q].magnitude > negligible {
          rotated = true
          Self.rotate(&a, &z, p, q)
        }
      }
      if !rotated { break }
    }
    let diagonal = (0..<n).map { a[$0][$0] }
    let order = (0..<n).sorted { (i: Int, j: Int) -> Bool in
      diagonal[i] != diagonal[j] ? diagonal[i] < diagonal[j] : i < j
    }
    values = order.map { diagonal[$0] }
    vectors = order.map { z[$0] }
  }

  /// Annihilates a[p][q]; the rows of z are the accumulated eigenvectors.
  private static func rotate(_ a: inout [[Double]], _ z: inout [[Double]], _ p: Int, _ q: Int) {
    // The smaller root of t² + 2τt − 1 = 0: the angle is at most π/4.
    let tau = (a[q][q] - a[p][p]) / (2 * a[p][q])
    let magnitude = 1 / (tau.magnitude + (1 + tau * tau).squareRoot())
    let t: Double = tau < 0 ? -magnitude : magnitude
    let c = 1 / (1 + t * t).squareRoot()
    let s = t * c
    let shift = t * a[p][q]
    a[p][p] -= shift
    a[q][q] += shift
    a[p][q] = 0
    a[q][p] = 0
    for k in a.indices where k != p && k != q {
      let (x, y) = (a[k][p], a[k][q])
      a[k][p] = c * x - s * y
      a[k][q] = s * x + c * y
      a[p][k] = a[k][p]
      a[q][k] = a[k][q]
    }
    for k in a.indices {
      let (x, y) = (z[p][k], z[q][k])
      z[p][k] = c * x - s * y
      z[q][k] = s * x + c * y
    }
  }
}
