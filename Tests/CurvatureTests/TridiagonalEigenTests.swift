import EscapementLAPACK
import EscapementCurvature
import Foundation
import EscapementRandomness
import Testing

/// Our implicit QL against LAPACK's dstev, closed forms and its own invariants.
@Suite("Tridiagonal eigenvalues")
struct TridiagonalEigenTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let name: String
    let matrix: SymmetricTridiagonal
    var testDescription: String { name }

    init(_ name: String, _ diagonal: [Double], _ offDiagonal: [Double]) {
      self.name = name
      matrix = SymmetricTridiagonal(diagonal: diagonal, offDiagonal: offDiagonal)
    }
  }

  static func normals(_ count: Int, _ index: UInt64) -> [Double] {
    var stream = RandomStream(seed: 21, purpose: .fixture, index: index)
    return (0..<count).map { _ in stream.normal() }
  }

  static let cases: [Case] = {
    let wilkinson = (0..<21).map { Double(abs($0 - 10)) }
    let glued = (0..<5).flatMap { _ in wilkinson }
    var glue = [Double](repeating: 1, count: glued.count - 1)
    for block in 1..<5 { glue[21 * block - 1] = 1e-14 }
    let graded = (0..<60).map { Double(sign: .plus, exponent: -$0, significand: 1) }
    var all = [
      Case("random 100", normals(100, 1), normals(99, 2)),
      Case("graded down", graded, graded.dropLast().map { $0 / 2 }),
      Case("graded up", graded.reversed(), graded.dropLast().reversed().map { $0 / 2 }),
      Case("Wilkinson W21+", wilkinson, [Double](repeating: 1, count: 20)),
      Case("glued Wilkinson", glued, glue),
      Case("zero off-diagonal", normals(40, 3), [Double](repeating: 0, count: 39)),
      Case("some zeros beside", normals(40, 4), normals(39, 5).enumerated().map { $0 % 3 == 0 ? 0 : $1 }),
      Case("zero diagonal", [Double](repeating: 0, count: 41), normals(40, 6)),
      Case("all zero", [Double](repeating: 0, count: 7), [Double](repeating: 0, count: 6)),
      Case("equal diagonal", [Double](repeating: 3, count: 30), [Double](repeating: 1e-9, count: 29)),
      Case("one by one", [-4.5], []),
      Case("two by two", [1, -2], [3]),
      Case("empty", [], []),
    ]
    for scale in [1e-300, 1e300] {
      all.append(Case("scale \(scale)", normals(50, 7).map { $0 * scale }, normals(49, 8).map { $0 * scale }))
    }
    all.append(
      Case(
        "mixed scales", (0..<20).map { $0 % 2 == 0 ? 1e-200 : 1 },
        (0..<19).map { $0 % 3 == 0 ? 1e-190 : 1e-3 }))
    return all
  }()

  @Test("agrees with LAPACK", arguments: cases)
  func agreesWithLAPACK(_ c: Case) throws {
    let eigen = try TridiagonalEigen(c.matrix)
    let exact = try ExactSpectrum(of: c.matrix)
    #expect(eigen.values.count == exact.values.count)
    // Both are backward stable; LAPACK's implicit QL/QR takes about as many sweeps as ours, so each is off by
    // at most our bound (or one sweep's worth, for LAPACK's scaling, where there was nothing to do).
    for (ours, theirs) in zip(eigen.values, exact.values) {
      #expect((ours - theirs).magnitude <= 2 * eigen.errorBound, "\(c.name): \(ours) against \(theirs)")
    }
    // Two to three sweeps an eigenvalue are normal, so that the bound itself stays useful.
    let n = Double(c.matrix.dimension)
    #expect(eigen.errorBound <= 12 * (3 * n + 1) * Double.ulpOfOne * c.matrix.rowSumNorm)
    for (a, b) in zip(eigen.values, eigen.values.dropFirst()) { #expect(a <= b) }
  }

  @Test("eigenvectors are orthonormal and satisfy Tz = θz", arguments: cases)
  func eigenvectors(_ c: Case) throws {
    let eigen = try TridiagonalEigen(c.matrix)
    let n = c.matrix.dimension
    // A vector is made of `sweeps` sweeps of plane rotations, each orthogonal up to 8u = 4ε a rotation on a
    // window of two: 4·(sweeps + 1)·ε in all for its length, doubled for inner products.
    let orthogonality = 8 * Double(eigen.sweeps + 1) * Double.ulpOfOne
    let vectors = (0..<n).map(eigen.vector)
    for i in 0..<n {
      #expect(
        vectors[i][0] == eigen.firstComponents[i]
          || (vectors[i][0] - eigen.firstComponents[i]).magnitude <= orthogonality)
      for j in 0...i {
        let product = zip(vectors[i], vectors[j]).reduce(0) { $0 + $1.0 * $1.1 }
        #expect((product - (i == j ? 1 : 0)).magnitude <= orthogonality + Double(n) * Double.ulpOfOne)
      }
      let z = vectors[i]
      for row in 0..<n {
        var sum = (c.matrix.diagonal[row] - eigen.values[i]) * z[row]
        if row > 0 { sum += c.matrix.offDiagonal[row - 1] * z[row - 1] }
        if row + 1 < n { sum += c.matrix.offDiagonal[row] * z[row + 1] }
        // ‖Tz − θz‖ ≤ backward error + 2‖T‖·(loss of orthogonality).
        #expect(sum.magnitude <= eigen.errorBound + 2 * orthogonality * c.matrix.rowSumNorm)
      }
    }
  }

  @Test("closed form: −1, 2, −1 of size n has eigenvalues 4 sin²(kπ/2(n+1))")
  func secondDifference() throws {
    for n in [1, 2, 3, 17, 64] {
      let eigen = try TridiagonalEigen(
        SymmetricTridiagonal(
          diagonal: [Double](repeating: 2, count: n), offDiagonal: [Double](repeating: -1, count: n - 1)))
      for k in 1...n {
        let sine = Foundation.sin(Double(k) * Double.pi / Double(2 * (n + 1)))
        // The oracle's own error: a few ulp of a number at most 4.
        #expect((eigen.values[k - 1] - 4 * sine * sine).magnitude <= eigen.errorBound + 16 * Double.ulpOfOne)
      }
    }
  }

  @Test("a power-of-two scale changes no other bit")
  func scaleInvariance() throws {
    let d = Self.normals(30, 9)
    let e = Self.normals(29, 10)
    let plain = try TridiagonalEigen(SymmetricTridiagonal(diagonal: d, offDiagonal: e))
    let scaled = try TridiagonalEigen(
      SymmetricTridiagonal(diagonal: d.map { $0 * 0x1p900 }, offDiagonal: e.map { $0 * 0x1p900 }))
    #expect(plain.values.map { ($0 * 0x1p900).bitPattern } == scaled.values.map(\.bitPattern))
    #expect(plain.firstComponents.map(\.bitPattern) == scaled.firstComponents.map(\.bitPattern))
  }

  @Test("non-finite entries throw and name their place")
  func nonFinite() {
    #expect(throws: TridiagonalEigenError.nonFinite(diagonal: 0, index: 1)) {
      try TridiagonalEigen(SymmetricTridiagonal(diagonal: [1, .nan, 2], offDiagonal: [0, 1]))
    }
    #expect(throws: TridiagonalEigenError.nonFinite(diagonal: 1, index: 0)) {
      try TridiagonalEigen(SymmetricTridiagonal(diagonal: [1, 2, 3], offDiagonal: [.infinity, 1]))
    }
    #expect(throws: ExactSpectrumError.nonFinite) {
      try ExactSpectrum(of: SymmetricTridiagonal(diagonal: [1, .nan], offDiagonal: [1]))
    }
  }
}
