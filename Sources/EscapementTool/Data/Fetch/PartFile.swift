import EscapementArtifacts
import Foundation

/// The unfinished file of a download, NAME.part, with a lock on it, and a note beside it, NAME.part.json, that says
/// which version of which address the bytes are of.
///
/// The lock is the system's (flock) and goes with the process, however that ends.
final class PartFile {
  /// Another process holds the lock.
  struct InUse: Error {}

  /// Where the bytes are from.
  struct Origin: Equatable {
    /// The address that was asked for.
    var url: String
    /// The version, as the server tells it; nil where it does not.
    var validator: String?
  }

  /// The unfinished file.
  let path: String
  /// Its length.
  private(set) var length = 0
  private var note: URL { URL(fileURLWithPath: path + ".json") }
  private let descriptor: Int32

  /// Opens or creates the unfinished file of `target` and locks it; `InUse` where another process has.
  init(of target: URL) throws {
    path = target.path + ".part"
    descriptor = try Self.locked(path)
    do { try readLength() } catch {
      close(descriptor)
      throw error
    }
  }

  deinit { close(descriptor) }

  /// Opens until the locked file is the one of that name: the holder before may have renamed or removed it.
  private static func locked(_ path: String) throws -> Int32 {
    while true {
      let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
      guard descriptor >= 0 else { throw FileError(operation: "write", path: path, code: errno) }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        let code = errno
        close(descriptor)
        if code == EINTR { continue }
        if code == EWOULDBLOCK { throw InUse() }
        throw FileError(operation: "lock", path: path, code: code)
      }
      var (opened, named) = (stat(), stat())
      if fstat(descriptor, &opened) == 0, stat(path, &named) == 0, opened.st_ino == named.st_ino,
        opened.st_dev == named.st_dev
      {
        return descriptor
      }
      close(descriptor)
    }
  }

  /// Where the bytes so far are from; nil where there are none, or no readable note.
  var origin: Origin? {
    guard length > 0, let json = try? JSON(contentsOf: note), let url = json["url"]?.string else {
      return nil
    }
    let validator = json["validator"]?.string
    guard validator.map(ResponseHead.canBeSentBack) ?? true else { return nil }
    return Origin(url: url, validator: validator)
  }

  /// Drops the bytes so far: those to come are from `origin`.
  func restart(from origin: Origin) throws {
    // The note last: without bytes an old one means nothing.
    guard ftruncate(descriptor, 0) == 0 else {
      throw FileError(operation: "truncate", path: path, code: errno)
    }
    length = 0
    try AtomicFile.write(
      JSON.object([
        "url": .string(origin.url), "validator": .optional(origin.validator),
      ]), to: note)
  }

  /// Appends bytes. Of those that do not fit on the disk, the part that does stays.
  func append(_ bytes: UnsafeRawBufferPointer) throws {
    var done = 0
    while done < bytes.count {
      let wrote = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
      if wrote < 0 {
        if errno == EINTR { continue }
        throw FileError(operation: "write", path: path, code: errno)
      }
      done += wrote
      length += wrote
    }
  }

  /// Makes the file `target`, durably, and removes the note.
  func publish(as target: URL) throws {
    guard fsync(descriptor) == 0 else { throw FileError(operation: "sync", path: path, code: errno) }
    guard rename(path, target.path) == 0 else {
      throw FileError(operation: "rename", path: path, code: errno)
    }
    unlink(note.path)
    try AtomicFile.synchronize(directory: target.deletingLastPathComponent().path)
  }

  /// Removes the file and its note.
  func remove() {
    unlink(note.path)
    unlink(path)
    length = 0
  }

  /// Removes both where no byte has arrived.
  func removeIfEmpty() {
    if length == 0 { remove() }
  }

  private func readLength() throws {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw FileError(operation: "read", path: path, code: errno)
    }
    length = Int(status.st_size)
  }
}
