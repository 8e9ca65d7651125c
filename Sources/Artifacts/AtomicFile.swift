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
  /// is thrown.
  public static func write(_ data: Data, to url: URL) throws {
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
    guard descriptor >= 0 else { throw FileError(operation: "write", path: url.path, code: errno) }
    do {
      try data.withUnsafeBytes { try writeAll($0, to: descriptor, path: url.path) }
      guard fsync(descriptor) == 0 else { throw FileError(operation: "sync", path: url.path, code: errno) }
    } catch {
      close(descriptor)
      unlink(temporary)
      throw error
    }
    guard close(descriptor) == 0, rename(temporary, url.path) == 0 else {
      let code = errno
      unlink(temporary)
      throw FileError(operation: "write", path: url.path, code: code)
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
