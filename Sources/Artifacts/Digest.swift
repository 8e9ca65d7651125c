import CEscapementCrypto
import Foundation

/// A SHA-256 digest (FIPS 180-4).
public struct Digest: Hashable, Sendable, CustomStringConvertible {
  /// The 32 bytes.
  public let bytes: [UInt8]

  /// The digest of some bytes.
  public init(of bytes: some DataProtocol) {
    let stream = DigestStream()
    for region in bytes.regions { region.withUnsafeBytes { stream.update($0) } }
    self = stream.finish()
  }

  /// The digest of the UTF-8 bytes of a text.
  public init(of text: String) { self.init(of: Array(text.utf8)) }

  /// The digest written as 64 lower-case hexadecimal digits; nil for any other text.
  public init?(hex: String) {
    guard let bytes = Hexadecimal.bytes(hex, count: 32) else { return nil }
    self.bytes = bytes
  }

  init(bytes: [UInt8]) { self.bytes = bytes }

  /// 32 zero bytes: the start of a chain of digests.
  public static let zero = Digest(bytes: Array(repeating: 0, count: 32))

  /// 64 lower-case hexadecimal digits.
  public var hex: String { Hexadecimal.text(bytes) }

  /// The hexadecimal digits.
  public var description: String { hex }
}

/// Computes a `Digest` of bytes that arrive in pieces.
public final class DigestStream {
  private let context: OpaquePointer

  /// A stream without bytes.
  public init() {
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      fatalError("libcrypto offers no SHA-256")
    }
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  /// The digest of everything appended so far; the stream accepts further bytes.
  public var current: Digest {
    let copy = DigestStream()
    guard EVP_MD_CTX_copy_ex(copy.context, context) == 1 else {
      fatalError("SHA-256 was asked for after its end")
    }
    return copy.finish()
  }

  /// Appends bytes.
  public func update(_ bytes: UnsafeRawBufferPointer) {
    guard EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1 else {
      fatalError("SHA-256 was used after its end")
    }
  }

  /// Appends an integer as eight little-endian bytes.
  public func update(_ value: Int) {
    withUnsafeBytes(of: Int64(value).littleEndian) { update($0) }
  }

  /// Appends another digest's bytes.
  public func update(_ digest: Digest) { digest.bytes.withUnsafeBytes { update($0) } }

  /// Appends a text as its length in UTF-8 bytes and these bytes, so that different lists of texts give different
  /// bytes.
  public func update(_ text: String) {
    let bytes = Array(text.utf8)
    update(bytes.count)
    bytes.withUnsafeBytes { update($0) }
  }

  /// Appends one named tensor: name, dtype, rank, extents and little-endian elements.
  public func update(name: String, dtype: String, shape: [Int], elements: UnsafeRawBufferPointer) {
    update(name)
    update(dtype)
    update(shape.count)
    for extent in shape { update(extent) }
    update(elements)
  }

  /// The digest of everything appended. The stream accepts no bytes afterwards.
  public func finish() -> Digest {
    var bytes = [UInt8](repeating: 0, count: 32)
    guard EVP_DigestFinal_ex(context, &bytes, nil) == 1 else {
      fatalError("SHA-256 was finished twice")
    }
    return Digest(bytes: bytes)
  }
}
