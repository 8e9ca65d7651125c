import CEscapementCrypto
import CEscapementLAPACK
import CEscapementZlib
import Foundation

/// The versions of the system libraries that this process uses.
enum LinkedLibraries {
  /// Names and versions, in a fixed order.
  static var versions: [(name: String, version: String)] {
    [
      ("zlib", String(cString: zlibVersion())),
      ("libcrypto", String(cString: OpenSSL_version(OPENSSL_VERSION))),
      ("LAPACK", lapack),
      ("BLAS", blas),
    ]
  }

  private static var lapack: String {
    var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
    LAPACKE_ilaver(&major, &minor, &patch)
    return "\(major).\(minor).\(patch)"
  }

  /// OpenBLAS reports its version; another BLAS with the same interface does not.
  private static var blas: String {
    guard let symbol = dlsym(nil, "openblas_get_config") else { return "not OpenBLAS" }
    let config = unsafeBitCast(symbol, to: (@convention(c) () -> UnsafePointer<CChar>).self)
    return String(cString: config()).trimmingCharacters(in: .whitespaces)
  }
}
