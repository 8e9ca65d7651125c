import EscapementArtifacts
import Foundation

/// The unfinished file of a download, NAME.part, with a lock, and a note beside it, NAME.part.json, with the address
/// and the version of the bytes.
///
/// The lock is the system's (flock) and is released when the process ends for any reason.
final class PartFile {
  /// Another process holds the lock.
  struct InUse: Error {}

  /// The origin of the bytes.
  struct Origin: Equatable {
    /// The requested address.
    var url: String
    /// The version stated by the server; nil if it states none.
    var validator: String?
  }

  /// The unfinished file.
  let path: String
  /// Its length.
  private(set) var length = 0
  private var note: URL { URL(fileURLWithPath: path + ".json") }
  private let descriptor: Int32

  /// Opens or creates the unfinished file of `target` and locks it; throws `InUse` if another process holds the lock.
  init(of target: URL) throws {
    path = target.path + ".part"
    descriptor = try Self.locked(path)
    do { try readLength() } catch {
      close(descriptor)
      throw error
    }
  }

  deinit { close(descriptor) }

  /// Opens until the locked file is the one with that name: the previous holder may have renamed or removed it.
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

  /// The origin of the bytes so far; nil if there are none, or no readable note.
  var origin: Origin? {
    guard length > 0, let json = try? JSON(contentsOf: note), let url = json["url"]?.string else {
      return nil
    }
    let validator = json["validator"]?.string
    guard validator.map(ResponseHead.canBeSentBack) ?? true else { return nil }
    return Origin(url: url, validator: validator)
  }

  /// Discards the bytes so far; the next bytes are from `origin`.
  func restart(from origin: Origin) throws {
    // Write the note last, because an old note without bytes has no effect.
    guard ftruncate(descriptor, 0) == 0 else {
      throw FileError(operation: "truncate", path: path, code: errno)
    }
    length = 0
    try AtomicFile.write(
      JSON.object([
        "url": .string(origin.url), "validator": .optional(origin.validator),
      ]), to: note)
  }

  /// Appends bytes. If not all of them fit on the disk, the part that fits is kept.
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

  /// Renames the file to `target` durably, and removes the note.
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

  /// Removes both if no byte has arrived.
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
