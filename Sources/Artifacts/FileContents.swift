import Foundation

/// Reads whole files and reports errors that a user can act on.
public enum FileContents {
  /// The bytes of the regular file at `url`, which may come from an untrusted source: a file larger than `limit` is not
  /// read.
  /// - Throws: `MissingError` if there is no file, `DataError` for a directory, a device or more than `limit` bytes,
  ///   `FileError` if the system refuses.
  public static func read(_ url: URL, limit: Int) throws -> Data {
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
    return try read(url)
  }

  /// The bytes of the file at `url`.
  ///
  /// - Throws: `MissingError` if there is no file, `FileError` if the system refuses.
  public static func read(_ url: URL) throws -> Data {
    let path = url.path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { throw MissingError(what: path, advice: "check the path") }
      throw FileError(operation: "open", path: path, code: errno)
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw FileError(operation: "read", path: path, code: errno)
    }
    // One byte more than the reported size, so that a growing file is read to its end.
    var data = Data(count: max(Int(status.st_size), 0) + 1)
    var length = 0
    while true {
      if length == data.count { data.append(Data(count: data.count)) }
      let room = data.count - length
      let got = data.withUnsafeMutableBytes { buffer in
        Glibc.read(descriptor, buffer.baseAddress! + length, room)
      }
      if got < 0 {
        if errno == EINTR { continue }
        throw FileError(operation: "read", path: path, code: errno)
      }
      if got == 0 { break }
      length += got
    }
    return data.prefix(length)
  }
}
