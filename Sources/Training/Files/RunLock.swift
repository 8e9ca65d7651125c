import EscapementArtifacts
import Foundation

/// Exclusive write access to a run directory, held by one process at a time.
///
/// It is an open-file-description lock (fcntl, Linux) on `run.lock` in the directory. The kernel releases it whenever
/// the process ends, so a stale lock cannot block a run. The file states which process holds the lock; it is removed
/// when the lock is released. A process that only reads a run takes no lock and never waits. On NFS the server holds
/// the lock, from version 4 on; a mount with `nolock` or `local_lock=all` only excludes processes on the same machine.
public final class RunLock {
  /// The process that holds a run directory.
  public struct Holder: Sendable, Hashable {
    /// The machine's name.
    public let host: String
    /// The process identifier on that machine.
    public let pid: Int
    /// The time at which it took the lock, UTC, by that machine's clock.
    public let started: String

    /// One phrase: "process 12 on node3 since 2026-01-02T03:04:05Z".
    public var text: String { "process \(pid) on \(host) since \(started)" }
  }

  // F_OFD_GETLK and F_OFD_SETLK of Linux, the same on every architecture; the C library's module does not export them.
  private static let askLock: CInt = 36
  private static let setLock: CInt = 37

  private let url: URL
  private var descriptor: Int32

  /// Takes the lock of an existing run directory. Throws `RunHeld` if another process has it, `FileError` if the file
  /// cannot be created or its file system has no locks.
  public init(_ directory: RunDirectory) throws {
    url = directory.lockFile
    descriptor = -1
    while descriptor < 0 {
      let opened = open(url.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
      guard opened >= 0 else { throw FileError(operation: "open", path: url.path, code: errno) }
      var request = Self.wholeFile
      guard fcntl(opened, Self.setLock, &request) == 0 else {
        let code = errno
        close(opened)
        guard code == EAGAIN || code == EACCES else {
          throw FileError(operation: "lock", path: url.path, code: code)
        }
        throw RunHeld(directory: directory.url.path, holder: Self.holder(named: url))
      }
      // Between open and lock the last holder may have removed the file. A lock on a file without a name excludes no
      // process.
      if Self.isNamed(url, opened) { descriptor = opened } else { close(opened) }
    }
    do { try sign() } catch {
      release()
      throw error
    }
  }

  deinit { release() }

  /// Releases the lock and removes its file.
  public func release() {
    guard descriptor >= 0 else { return }
    if Self.isNamed(url, descriptor) { unlink(url.path) }
    close(descriptor)
    descriptor = -1
  }

  /// The process that holds a run directory; nil if there is none. The query does not take the lock.
  static func holder(of directory: RunDirectory) throws -> Holder? {
    let path = directory.lockFile.path
    let opened = open(path, O_RDWR | O_CLOEXEC)
    guard opened >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw FileError(operation: "open", path: path, code: errno)
    }
    defer { close(opened) }
    var request = wholeFile
    guard fcntl(opened, Self.askLock, &request) == 0 else {
      throw FileError(operation: "ask for the lock of", path: path, code: errno)
    }
    return request.l_type == Int16(F_UNLCK) ? nil : holder(named: directory.lockFile)
  }

  /// A write lock on the whole file.
  private static var wholeFile: flock {
    var request = flock()
    request.l_type = Int16(F_WRLCK)
    request.l_whence = Int16(SEEK_SET)
    return request
  }

  private static func isNamed(_ url: URL, _ descriptor: Int32) -> Bool {
    var (named, opened) = (stat(), stat())
    return stat(url.path, &named) == 0 && fstat(descriptor, &opened) == 0
      && named.st_ino == opened.st_ino && named.st_dev == opened.st_dev
  }

  private func sign() throws {
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, name.count - 1)
    let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    // The time is for readers only: no digest covers this file, and the time is never compared.
    let text: JSON = [
      "host": .string(host), "pid": .integer(Int(getpid())),
      "started": .string(ISO8601DateFormatter().string(from: Date())),
    ]
    var line = text.canonical() + "\n"
    guard ftruncate(descriptor, 0) == 0 else {
      throw FileError(operation: "write", path: url.path, code: errno)
    }
    try line.withUTF8 {
      try AtomicFile.writeAll(UnsafeRawBufferPointer($0), to: descriptor, path: url.path)
    }
  }

  /// The contents of the lock file; an unknown process if the holder has not written them yet.
  private static func holder(named url: URL) -> Holder {
    let signature = try? JSON(parsing: FileContents.read(url, limit: 4096), file: url.path)
    return Holder(
      host: signature?["host"]?.string ?? "an unknown host", pid: signature?["pid"]?.integer ?? 0,
      started: signature?["started"]?.string ?? "a moment ago")
  }
}

/// A run directory into which another process is writing.
///
/// Exit code 69: nothing was written, and an immediate retry would fail in the same way.
public struct RunHeld: ReportedError, Hashable {
  /// The run directory.
  public let directory: String
  /// The process that holds it.
  public let holder: RunLock.Holder

  /// 69: the place cannot be written to.
  public var exitCode: Int32 { 69 }

  /// One line that names the holder.
  public var description: String {
    "\(directory.quotable(limit: 1024)) is in use by \(holder.text.quotable()); wait for it to end, or stop it"
  }
}
