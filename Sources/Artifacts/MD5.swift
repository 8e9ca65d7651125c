import CEscapementCrypto
import Foundation

/// An MD5 digest (RFC 1321), as published beside older data sets.
///
/// It detects a damaged file but not a forged one, because two files with the same MD5 can be constructed. Nothing in
/// the package relies on it alone.
public struct MD5: Hashable, Sendable, CustomStringConvertible {
  /// The 16 bytes.
  public let bytes: [UInt8]

  /// The digest of some bytes; nil if libcrypto refuses MD5, as under a FIPS policy.
  public init?(of bytes: some DataProtocol) {
    guard let stream = MD5Stream() else { return nil }
    for region in bytes.regions { region.withUnsafeBytes { stream.update($0) } }
    self = stream.finish()
  }

  /// The digest written as 32 lower-case hexadecimal digits; nil for any other text.
  public init?(hex: String) {
    guard let bytes = Hexadecimal.bytes(hex, count: 16) else { return nil }
    self.bytes = bytes
  }

  init(bytes: [UInt8]) { self.bytes = bytes }

  /// 32 lower-case hexadecimal digits.
  public var hex: String { Hexadecimal.text(bytes) }

  /// The hexadecimal digits.
  public var description: String { hex }
}

/// Computes an `MD5` of bytes that arrive in pieces.
public final class MD5Stream {
  private let context: OpaquePointer

  /// A stream without bytes; nil if libcrypto refuses MD5, as under a FIPS policy.
  public init?() {
    guard let context = EVP_MD_CTX_new() else { return nil }
    // Assigned before the check, because a failable initializer runs deinit once every property has a value.
    self.context = context
    guard EVP_DigestInit_ex(context, EVP_md5(), nil) == 1 else { return nil }
  }

  deinit { EVP_MD_CTX_free(context) }

  /// Appends bytes.
  public func update(_ bytes: UnsafeRawBufferPointer) {
    guard EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1 else {
      fatalError("MD5 was used after its end")
    }
  }

  /// The digest of everything appended. The stream accepts no bytes afterwards.
  public func finish() -> MD5 {
    var bytes = [UInt8](repeating: 0, count: 16)
    guard EVP_DigestFinal_ex(context, &bytes, nil) == 1 else { fatalError("MD5 was finished twice") }
    return MD5(bytes: bytes)
  }
}
