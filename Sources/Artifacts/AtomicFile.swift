import Foundation
import Synchronization

/// Writes files that exist whole or not at all, also after a crash.
public enum AtomicFile {
  private static let serial = Atomic<Int>(0)
  /// The number of names that are tried for the temporary file.
  private static let attempts = 100

  /// Replaces the file at `url` with these bytes.
  ///
  /// The bytes go to a temporary file in the same directory. That file is synced and renamed to `url`; the directory is
  /// synced last. On failure the temporary file is removed, an older file at `url` stays unchanged, and a `FileError`
  /// is thrown. A replaced file keeps its permissions. A symbolic link keeps leading to the file, which is replaced. A
  /// device, a FIFO and a descriptor of this process (`/dev/stdout`, `/dev/fd/63`) are written to, never replaced.
  public static func write(_ data: Data, to url: URL) throws {
    switch try OutputPlace(of: url.path) {
    case .file(let path, let replaced): try replace(path, with: data, replaced, name: url.path)
    case .node(let path):
      // Without O_NONBLOCK the call would wait for the reader of a FIFO, perhaps forever.
      let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK)
      guard descriptor >= 0 else { throw FileError(operation: "write", path: url.path, code: errno) }
      defer { close(descriptor) }
      _ = fcntl(descriptor, F_SETFL, O_WRONLY)
      try data.withUnsafeBytes { try writeAll($0, to: descriptor, path: url.path) }
    case .descriptor(let descriptor):
      try data.withUnsafeBytes { try writeAll($0, to: descriptor, path: url.path) }
    }
  }

  /// Replaces or creates the regular file at `path`, which no link leads away from; `name` is for errors.
  private static func replace(_ path: String, with data: Data, _ replaced: stat?, name: String) throws {
    let url = URL(fileURLWithPath: path)
    let directory = url.deletingLastPathComponent().path
    var (temporary, descriptor) = ("", Int32(-1))
    // A file or link of that name belongs to another process, or a crash left it. It is never opened; another name is
    // tried.
    for _ in 0..<Self.attempts {
      let number = serial.wrappingAdd(1, ordering: .relaxed).newValue
      temporary = "\(directory)/.\(url.lastPathComponent).\(getpid()).\(number).tmp"
      descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
      if descriptor >= 0 || errno != EEXIST { break }
    }
    guard descriptor >= 0 else { throw FileError(operation: "write", path: name, code: errno) }
    do {
      if let replaced {
        // The owner first, because that clears bits of the mode. Only root may give a file away.
        _ = fchown(descriptor, replaced.st_uid, replaced.st_gid)
        guard fchmod(descriptor, replaced.st_mode & 0o7777) == 0 else {
          throw FileError(operation: "write", path: name, code: errno)
        }
      }
      try data.withUnsafeBytes { try writeAll($0, to: descriptor, path: name) }
      guard fsync(descriptor) == 0 else { throw FileError(operation: "sync", path: name, code: errno) }
    } catch {
      close(descriptor)
      unlink(temporary)
      throw error
    }
    guard close(descriptor) == 0, rename(temporary, path) == 0 else {
      let code = errno
      unlink(temporary)
      throw FileError(operation: "write", path: name, code: code)
    }
    try synchronize(directory: directory)
  }

  /// Writes a JSON document, pretty and with a final newline.
  public static func write(_ json: JSON, to url: URL) throws {
    try write(Data((json.canonical(pretty: true) + "\n").utf8), to: url)
  }

  /// Makes renames in a directory durable.
  public static func synchronize(directory: String) throws {
    let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(operation: "open", path: directory, code: errno) }
    defer { close(descriptor) }
    // Some file systems cannot sync a directory and return EINVAL. The rename is then as durable as that system allows.
    guard fsync(descriptor) == 0 || errno == EINVAL else {
      throw FileError(operation: "sync", path: directory, code: errno)
    }
  }

  /// Writes all bytes to an open file, and continues after interruptions and partial writes.
  public static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String) throws {
    var done = 0
    while done < bytes.count {
      let wrote = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
      if wrote < 0 {
        if errno == EINTR { continue }
        throw FileError(operation: "write", path: path, code: errno)
      }
      done += wrote
    }
  }
}
