import Foundation

/// The length and the digests of a file, read once in pieces: a file of any size takes the memory of one piece.
public struct FileDigests: Hashable, Sendable {
  /// Bytes read.
  public let byteCount: Int
  /// Their SHA-256.
  public let sha256: Digest
  /// Their MD5; nil where libcrypto refuses MD5, as under a FIPS policy.
  public let md5: MD5?

  /// Reads the file at `url`: a `MissingError` where there is none, a `FileError` where the system refuses.
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
