import Foundation

/// Reading a whole file, with the errors a user can act on.
public enum FileContents {
  /// The bytes of the file at `url`: a `MissingError` where there is none, a `FileError` where the
  /// system refuses.
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
    // One byte more than promised, so that a growing file is read to its end.
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
