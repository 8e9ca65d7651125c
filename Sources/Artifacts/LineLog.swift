import Foundation

/// An append-only file of lines, such as `metrics.jsonl`, that can be cut back to an earlier length.
///
/// A checkpoint keeps `length`; resuming from it truncates whatever an interrupted run wrote later,
/// so that the resumed file has no line twice.
public final class LineLog {
  /// Bytes written so far, the newline of the last line included.
  public private(set) var length: Int
  private let descriptor: Int32
  private let path: String

  /// Creates the file; one that exists already is an error.
  public init(creating url: URL) throws {
    path = url.path
    descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError(operation: "create", path: path, code: errno) }
    length = 0
  }

  /// Opens an existing file and cuts it to `length` bytes, which must end a line.
  public init(resuming url: URL, at length: Int) throws {
    precondition(length >= 0, "a length of \(length)")
    path = url.path
    self.length = length
    descriptor = open(path, O_RDWR | O_APPEND | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { throw MissingError(what: path, advice: "start a new run in another directory") }
      throw FileError(operation: "open", path: path, code: errno)
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw FileError(operation: "read", path: path, code: errno)
    }
    guard status.st_size >= length else {
      throw DataError(
        file: path, found: "\(status.st_size) bytes", expected: "at least \(length), as the checkpoint says",
        advice: "resume from an older checkpoint or start anew")
    }
    var last: UInt8 = 0x0A
    guard length == 0 || pread(descriptor, &last, 1, off_t(length - 1)) == 1 else {
      throw FileError(operation: "read", path: path, code: errno)
    }
    guard last == 0x0A else {
      throw DataError(
        file: path, place: "byte \(length - 1)", found: "the middle of a line", expected: "the end of one",
        advice: "the file was changed since the checkpoint: resume from an older one or start anew")
    }
    guard ftruncate(descriptor, off_t(length)) == 0 else {
      throw FileError(operation: "truncate", path: path, code: errno)
    }
  }

  deinit { close(descriptor) }

  /// Appends a value as one line.
  public func append(_ value: JSON) throws {
    var line = value.canonical()
    line += "\n"
    try line.withUTF8 { try AtomicFile.writeAll(UnsafeRawBufferPointer($0), to: descriptor, path: path) }
    length += line.utf8.count
  }

  /// The last line; nil in an empty file.
  public func last() throws -> JSON? {
    guard length > 0 else { return nil }
    var tail: [UInt8] = []
    var begin = length - 1
    while begin > 0, !tail.contains(0x0A) {
      let size = min(begin, 1 << 16)
      begin -= size
      var block = [UInt8](repeating: 0, count: size)
      let count = pread(descriptor, &block, size, off_t(begin))
      guard count == size else { throw FileError(operation: "read", path: path, code: errno) }
      tail = block + tail
    }
    let line = tail.lastIndex(of: 0x0A).map { tail[($0 + 1)...] } ?? tail[...]
    return try JSON(parsing: Data(line), file: path)
  }

  /// Forces the lines to the disk, before a checkpoint relies on them.
  public func synchronize() throws {
    guard fsync(descriptor) == 0 else { throw FileError(operation: "sync", path: path, code: errno) }
  }
}
