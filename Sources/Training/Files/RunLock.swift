import EscapementArtifacts
import Foundation

/// The right to write into a run directory, held by one process at a time.
///
/// It is an open-file-description lock (fcntl, Linux) on `run.lock` in the directory: the kernel gives it back when the
/// process ends, however it ends, so that nothing stale can block a run. The file says who holds it; it is removed by
/// an orderly end. Who only reads a run takes no lock and is never kept waiting. On NFS the lock is the server's, from
/// version 4 on; a mount with `nolock` or `local_lock=all` keeps processes of one machine apart only.
public final class RunLock {
  /// Who holds a run directory.
  public struct Holder: Sendable, Hashable {
    /// The machine's name.
    public let host: String
    /// The process there.
    public let pid: Int
    /// When it took the lock, UTC, by that machine's clock.
    public let started: String

    /// One phrase: "process 12 on node3 since 2026-01-02T03:04:05Z".
    public var text: String { "process \(pid) on \(host) since \(started)" }
  }

  // F_OFD_GETLK and F_OFD_SETLK of Linux, the same on every architecture; the C library's module leaves them out.
  private static let askLock: CInt = 36
  private static let setLock: CInt = 37

  private let url: URL
  private var descriptor: Int32

  /// Takes the lock of a run directory that exists. `RunHeld` where another process has it, `FileError` where the file
  /// cannot be made or its file system has no locks.
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
      // Between open and lock the last holder may have removed the file: a lock on what has no name keeps nobody out.
      if Self.isNamed(url, opened) { descriptor = opened } else { close(opened) }
    }
    do { try sign() } catch {
      release()
      throw error
    }
  }

  deinit { release() }

  /// Gives the lock back and removes its file.
  public func release() {
    guard descriptor >= 0 else { return }
    if Self.isNamed(url, descriptor) { unlink(url.path) }
    close(descriptor)
    descriptor = -1
  }

  /// Who holds a run directory; nil where nobody does. The lock is not taken, so that asking disturbs nobody.
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

  /// A write lock on all of a file.
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
    // The clock is for the people who meet the lock: no digest covers this file, and nothing compares the time.
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

  /// What the lock file says; a holder that has not signed yet is an unknown process.
  private static func holder(named url: URL) -> Holder {
    let signature = try? JSON(parsing: FileContents.read(url, limit: 4096), file: url.path)
    return Holder(
      host: signature?["host"]?.string ?? "an unknown host", pid: signature?["pid"]?.integer ?? 0,
      started: signature?["started"]?.string ?? "a moment ago")
  }
}

/// A run directory that another process writes into.
///
/// Exit code 69: nothing was written, and running it again at once would meet the same.
public struct RunHeld: ReportedError, Hashable {
  /// The run directory.
  public let directory: String
  /// Who holds it.
  public let holder: RunLock.Holder

  /// 69: the place cannot be written to.
  public var exitCode: Int32 { 69 }

  /// One line with who holds it.
  public var description: String {
    "\(directory.quotable(limit: 1024)) is in use by \(holder.text.quotable()); wait for it to end, or stop it"
  }
}
