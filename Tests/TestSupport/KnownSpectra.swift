import CEscapementKernels
import EscapementCurvature
import EscapementKernels
import EscapementRandomness

/// A dense symmetric matrix Q·diag(λ)·Qᵀ whose eigenvalues are known up to a derived error.
public struct KnownSpectrum: Sendable {
  /// The name, which describes the spectrum.
  public let name: String
  /// The requested eigenvalues, ascending.
  public let values: [Double]
  /// The matrix, exactly symmetric.
  public let matrix: Tensor<Double>
  /// A bound on the distance of each eigenvalue of `matrix` from `values`.
  public let uncertainty: Double

  /// The matrix as an operator of either precision.
  public func asOperator<Element: Real>(_ type: Element.Type) -> DenseSymmetricOperator<Element> {
    DenseSymmetricOperator(matrix.converted(to: type))
  }

  /// A bound on the distance of each eigenvalue of the matrix, rounded to `type`, from `values`: each entry changes by
  /// at most u = ε/2 of itself, so the matrix changes by at most u·‖A‖_F.
  public func uncertainty<Element: Real>(in type: Element.Type) -> Double {
    uncertainty + (type == Double.self ? 0 : 0.5 * Double(Element.ulpOfOne) * matrix.norm())
  }

  /// Applies `reflections` random Householder reflections to diag(values) from both sides.
  ///
  /// Error of one two-sided step A − 2(vwᵀ + wvᵀ), p = Av, w = p − (vᵀp)v, with chains of n terms: ‖δp‖ ≤ γ_n‖A‖_F,
  /// ‖δw‖ ≤ 2γ_{n+3}‖A‖_F, so the error of the update is 8γ_{n+3}‖A‖_F; |‖v‖ − 1| ≤ (n/32 + 8)u adds 8(n/32 + 8)u‖A‖_F,
  /// and the rounded update adds 20u‖A‖_F: at most 8(n + 16)ε‖A‖_F in total.
  public init(_ name: String, values: [Double], reflections: Int = 2, seed: UInt64) {
    let sorted = values.sorted()
    let n = sorted.count
    var a = Tensor<Double>.zeros([n, n])
    a.withMutablePointer { for i in 0..<n { $0[i * n + i] = sorted[i] } }
    for index in 0..<reflections {
      let stream = RandomStream(seed: seed, purpose: .fixture, index: UInt64(index))
      let raw = Tensor<Double>(shape: [n]) { stream.fillNormals(type: EK_F64, count: n, into: $0) }
      let v = raw.zip(.divide, scalar: raw.norm())
      let p = v.reshaped([1, n]).matmul(a).reshaped([n])
      let w = p.addingScaled(-v.dot(p), v)
      let outer = v.reshaped([n, 1]).matmul(w.reshaped([1, n]))
      a = a.addingScaled(-2, outer + outer.transposed())
    }
    self.name = name
    self.values = sorted
    matrix = a.symmetricPart
    let frobenius = Tensor<Double>(sorted).norm()
    uncertainty = Double(reflections) * 8 * Double(n + 16) * Double.ulpOfOne * frobenius
  }
}

extension KnownSpectrum {
  /// Spectra that make eigen-solvers fail: clusters, rank deficiency, both signs, both ends of the scale.
  public static func family(_ n: Int = 80) -> [KnownSpectrum] {
    let third = n / 3
    func normals(_ count: Int, _ index: UInt64) -> [Double] {
      var stream = RandomStream(seed: 11, purpose: .fixture, index: 100 + index)
      return (0..<count).map { _ in stream.normal() }
    }
    let spread = normals(n, 0)
    return [
      KnownSpectrum("indefinite", values: spread, seed: 1),
      KnownSpectrum(
        "clustered",
        values: (0..<n).map { Double($0 % 4) + 1e-7 * spread[$0] }, seed: 2),
      KnownSpectrum(
        "rank-deficient", values: spread.enumerated().map { $0 < third ? $1 * $1 : 0 }, seed: 3),
      KnownSpectrum(
        "multiplicities", values: (0..<n).map { [-2.0, 0.5, 0.5, 3][$0 % 4] }, seed: 4),
      KnownSpectrum("tiny", values: spread.map { 1e-8 * $0 }, seed: 5),
      KnownSpectrum("huge", values: spread.map { 1e8 * $0 }, seed: 6),
      KnownSpectrum(
        "outliers over a bulk",
        values: spread.enumerated().map { $0 < 5 ? 10 + Double($0) : $0 == 5 ? -4 : 1e-3 * $1 }, seed: 7),
      KnownSpectrum("zero", values: [Double](repeating: 0, count: n), seed: 8),
    ]
  }

  /// Rank 50 plus 1e-3 times the identity: 51 distinct eigenvalues, so the Krylov space ends after 51 steps.
  public static func rankFiftyPlusIdentity(_ n: Int) -> KnownSpectrum {
    var stream = RandomStream(seed: 12, purpose: .fixture)
    return KnownSpectrum(
      "rank 50 + 1e-3 I",
      values: (0..<n).map { 1e-3 + ($0 < 50 ? 0.5 + 3 * stream.uniform() : 0) }, seed: 9)
  }
}
