import Foundation

/// An append-only file of lines, such as `metrics.jsonl`, that can be cut back to an earlier length.
///
/// A checkpoint stores `position`. Resuming from it checks that the bytes before it are unchanged and truncates what an
/// interrupted run wrote later, so that no line occurs twice.
public final class LineLog {
  /// A length of the log, with the digest of its content.
  public struct Position: Hashable, Sendable {
    /// The number of bytes, including the newline of the last line.
    public let length: Int
    /// SHA-256 of these bytes; nil if it was not recorded, in which case the bytes are not checked.
    public let digest: Digest?

    /// A recorded position.
    public init(length: Int, digest: Digest?) {
      self.length = length
      self.digest = digest
    }

    /// Before the first line.
    public static let start = Position(length: 0, digest: Digest(of: ""))
  }

  /// The position after everything written so far.
  public var position: Position { Position(length: length, digest: written.current) }

  private var length = 0
  private let written = DigestStream()
  private let descriptor: Int32
  private let path: String

  /// Creates the file and makes its name durable. It is an error if the file exists.
  public init(creating url: URL) throws {
    path = url.path
    descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError(operation: "create", path: path, code: errno) }
    try AtomicFile.synchronize(directory: url.deletingLastPathComponent().path)
  }

  /// Opens an existing file and truncates it to a position, which must be the end of a line.
  ///
  /// Throws a `DataError` if the file is shorter or holds other bytes, and then leaves it unchanged.
  public init(resuming url: URL, at position: Position) throws {
    let length = position.length
    precondition(length >= 0, "a length of \(length)")
    path = url.path
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
        advice: "resume from an older checkpoint or start again")
    }
    guard try readBack(length) == 0x0A else {
      throw DataError(
        file: path, place: "byte \(length - 1)", found: "the middle of a line", expected: "the end of one",
        advice: "the file was changed since the checkpoint: resume from an older one or start again")
    }
    if let expected = position.digest, written.current != expected {
      throw DataError(
        file: path, found: "SHA-256 \(written.current) of the first \(length) bytes",
        expected: "\(expected), as the checkpoint says",
        advice: "the file was changed since the checkpoint: resume from an older one or start again")
    }
    guard ftruncate(descriptor, off_t(length)) == 0 else {
      throw FileError(operation: "truncate", path: path, code: errno)
    }
  }

  deinit { close(descriptor) }

  /// Counts the first `count` bytes of the file as written and returns the last of them; a newline if there are none.
  private func readBack(_ count: Int) throws -> UInt8 {
    var last: UInt8 = 0x0A
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while length < count {
      let got = pread(descriptor, &piece, min(piece.count, count - length), off_t(length))
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { throw FileError(operation: "read", path: path, code: got < 0 ? errno : EIO) }
      piece.withUnsafeBytes { written.update(UnsafeRawBufferPointer(rebasing: $0[..<got])) }
      last = piece[got - 1]
      length += got
    }
    return last
  }

  /// Appends a value as one line. Throws a `DataError` if the file is no longer the one that was written so far.
  public func append(_ value: JSON) throws {
    try checkUnchanged()
    var line = value.canonical()
    line += "\n"
    try line.withUTF8 { text in
      let bytes = UnsafeRawBufferPointer(text)
      try AtomicFile.writeAll(bytes, to: descriptor, path: path)
      written.update(bytes)
    }
    length += line.utf8.count
  }

  /// The last line; nil if the file is empty.
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

  /// Throws a `DataError` if another process removed, replaced, cut or extended the file: an editor that saves it, a
  /// move, a truncating copy. Lines written after that would be lost.
  private func checkUnchanged() throws {
    var (named, opened) = (stat(), stat())
    guard fstat(descriptor, &opened) == 0 else {
      throw FileError(operation: "read", path: path, code: errno)
    }
    func changed(_ found: String) -> DataError {
      DataError(
        file: path, found: found, expected: "the file of \(length) bytes that this process was writing",
        advice: "something else changed it during the run: go on from the last checkpoint with train --resume"
      )
    }
    guard stat(path, &named) == 0 else {
      guard errno == ENOENT else { throw FileError(operation: "read", path: path, code: errno) }
      throw changed("no such file")
    }
    guard named.st_ino == opened.st_ino, named.st_dev == opened.st_dev else {
      throw changed("another file of that name")
    }
    guard Int(opened.st_size) == length else { throw changed("\(opened.st_size) bytes") }
  }

  /// Flushes the lines to the disk. Call it before a checkpoint refers to them. Throws a `DataError` if the file is no
  /// longer the one that was written so far.
  public func synchronize() throws {
    try checkUnchanged()
    guard fsync(descriptor) == 0 else { throw FileError(operation: "sync", path: path, code: errno) }
  }
}
