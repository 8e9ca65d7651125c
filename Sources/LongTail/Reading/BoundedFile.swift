import Artifacts
import Foundation

/// Reading a file that other people wrote: what it may be and how large, before a byte is read.
enum BoundedFile {
  /// The bytes of the regular file at `url`.
  /// - Throws: `MissingError` where there is none, `DataError` for a directory, a device or more than `limit` bytes,
  ///   `FileError` where the system refuses.
  static func read(_ url: URL, limit: Int) throws -> Data {
    var status = stat()
    if stat(url.path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFREG else {
        throw DataError(
          file: url.path, found: status.st_mode & S_IFMT == S_IFDIR ? "a directory" : "no regular file",
          expected: "a file", advice: "correct the path")
      }
      guard status.st_size <= limit else {
        throw DataError(
          file: url.path, found: "\(status.st_size) bytes", expected: "at most \(limit)",
          advice: "this is not the file it is named as")
      }
    }
    return try FileContents.read(url)
  }
}
