import CEscapementLAPACK
import EscapementCurvature
import EscapementKernels

/// Why LAPACK gave no spectrum.
package enum ExactSpectrumError: Error, Equatable, CustomStringConvertible {
  /// The matrix contains an infinity or a NaN.
  case nonFinite
  /// A LAPACK routine returned this status.
  case failed(routine: String, status: Int)

  /// A one-line message.
  package var description: String {
    switch self {
    case .nonFinite: "exact spectrum: the matrix holds entries that are not finite"
    case .failed(let routine, let status): "exact spectrum: \(routine) ended with status \(status)"
    }
  }
}

/// All eigenvalues of a symmetric matrix from LAPACK: the reference for our own solvers.
///
/// LAPACK's last bits depend on its kernel and its thread count, so these values are compared with a tolerance and
/// never enter a digest.
package struct ExactSpectrum: Sendable {
  /// Eigenvalues, ascending.
  package let values: [Double]
  /// Unit eigenvectors as rows, `[n][n]`, row i for `values[i]`; nil unless requested.
  package let vectors: Tensor<Double>?

  /// The spectrum of a dense symmetric matrix `[n][n]` by LAPACKE_dsyevd; only one triangle is read.
  package init(of matrix: Tensor<Double>, vectors wantsVectors: Bool = false) throws {
    precondition(
      matrix.shape.rank == 2 && matrix.shape[0] == matrix.shape[1],
      "expected a square matrix, got \(matrix.shape)")
    guard matrix.isFinite else { throw ExactSpectrumError.nonFinite }
    let n = matrix.shape[0]
    var work = matrix
    var values = [Double](repeating: 0, count: n)
    let job = CChar(UInt8(ascii: wantsVectors ? "V" : "N"))
    // LAPACK uses column order. A symmetric matrix is the same in both orders, and the eigenvectors become our rows.
    let status = work.withMutablePointer {
      LAPACKE_dsyevd(
        LAPACK_COL_MAJOR, job, CChar(UInt8(ascii: "L")), Int32(n), $0, Int32(max(n, 1)), &values)
    }
    guard status == 0 else { throw ExactSpectrumError.failed(routine: "dsyevd", status: Int(status)) }
    self.values = values
    vectors = wantsVectors ? work : nil
  }

  /// The eigenvalues of a symmetric tridiagonal matrix by LAPACKE_dstev.
  package init(of matrix: SymmetricTridiagonal) throws {
    guard matrix.diagonal.allSatisfy(\.isFinite), matrix.offDiagonal.allSatisfy(\.isFinite) else {
      throw ExactSpectrumError.nonFinite
    }
    var values = matrix.diagonal
    var beside = matrix.offDiagonal + [0]
    let status = LAPACKE_dstev(
      LAPACK_COL_MAJOR, CChar(UInt8(ascii: "N")), Int32(values.count), &values, &beside, nil, 1)
    guard status == 0 else { throw ExactSpectrumError.failed(routine: "dstev", status: Int(status)) }
    self.values = values
    vectors = nil
  }
}
