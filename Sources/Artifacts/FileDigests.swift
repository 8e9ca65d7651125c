import Foundation

/// The length and the digests of a file. The file is read once in pieces, so memory use does not depend on its size.
public struct FileDigests: Hashable, Sendable {
  /// The number of bytes read.
  public let byteCount: Int
  /// The SHA-256 of the bytes.
  public let sha256: Digest
  /// The MD5 of the bytes; nil if libcrypto refuses MD5, as under a FIPS policy.
  public let md5: MD5?

  /// Reads the file at `url`.
  ///
  /// - Throws: `MissingError` if there is no file, `FileError` if the system refuses.
  public init(of url: URL) throws {
    let path = url.path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { throw MissingError(what: path, advice: "check the path") }
      throw FileError(operation: "open", path: path, code: errno)
    }
    defer { close(descriptor) }
    let (digest, oldDigest) = (DigestStream(), MD5Stream())
    var piece = [UInt8](repeating: 0, count: 1 << 18)
    var count = 0
    while true {
      let got = Glibc.read(descriptor, &piece, piece.count)
      if got < 0 {
        if errno == EINTR { continue }
        throw FileError(operation: "read", path: path, code: errno)
      }
      if got == 0 { break }
      count += got
      piece.withUnsafeBytes {
        let read = UnsafeRawBufferPointer(rebasing: $0[..<got])
        digest.update(read)
        oldDigest?.update(read)
      }
    }
    (byteCount, sha256, md5) = (count, digest.finish(), oldDigest?.finish())
  }
}
