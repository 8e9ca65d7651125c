import EscapementArtifacts
import Foundation

/// Downloads a file from an address, checks it, and publishes it atomically.
///
/// The bytes are written to NAME.part beside the target. The next attempt resumes there if the server still has the
/// same version. When length, SHA-256 and MD5 are the expected ones, the file is synced and renamed to the target.
struct Download {
  /// The required contents of the file.
  struct Contents: Equatable {
    /// Its length.
    var byteCount: Int
    /// Its SHA-256.
    var sha256: Digest
    /// Its MD5.
    var md5: MD5

    /// The first difference, as found and expected; nil if there is none.
    func difference(from file: FileDigests) -> (found: String, expected: String)? {
      if file.byteCount != byteCount { return ("\(file.byteCount) bytes", "\(byteCount)") }
      if file.sha256 != sha256 { return ("SHA-256 \(file.sha256)", "\(sha256)") }
      if let found = file.md5, found != md5 { return ("MD5 \(found)", "\(md5)") }
      return nil
    }
  }

  /// The result of a download.
  enum Outcome: Equatable {
    /// The file already existed.
    case present
    /// The file was fetched: the number of bytes from an earlier attempt, and of bytes received now.
    case fetched(kept: Int, received: Int)
  }

  /// The address, http or https.
  var source: String
  /// The required contents.
  var contents: Contents
  /// The file to create.
  var target: URL
  /// The number of seconds without a byte after which a transfer is aborted.
  var timeout = 60
  /// Called between pieces, and about once a second while none arrive.
  var isCancelled: () -> Bool = { false }
  /// Called with the number of bytes on the disk after every piece.
  var progress: (Int) -> Void = { _ in }

  /// Creates the file.
  ///
  /// Throws a `DataError` if contents differ from the expected ones: an existing target is not changed, a downloaded
  /// file is removed. Throws a `DownloadError` if the file does not arrive, a `FileError` if the directory cannot be
  /// written, and a `MissingError` if there is no libcurl.
  func run() throws -> Outcome {
    if try isPresent() { return .present }
    _ = try OutputDirectory(target.deletingLastPathComponent())
    if let missing = Transfer.load() {
      throw MissingError(
        what: missing, advice: "install libcurl, Debian's package libcurl4, or download \(source) by hand")
    }
    // Beyond a limit on the size of files, the system sends a signal that ends the process unless it is ignored.
    signal(SIGXFSZ, SIG_IGN)
    let part: PartFile
    do { part = try PartFile(of: target) } catch is PartFile.InUse {
      throw DownloadError.inUse(path: target.path + ".part")
    }
    defer { part.removeIfEmpty() }
    // Another process may have finished between the first check and the lock.
    if try isPresent() { return .present }
    let kept = try receive(into: part)
    let received = part.length - kept
    if let difference = contents.difference(from: try FileDigests(of: URL(fileURLWithPath: part.path))) {
      part.remove()
      throw DataError(
        file: source, found: difference.found, expected: difference.expected,
        advice: "the download was removed: run the command again, or give another address with --from")
    }
    do { try part.publish(as: target) } catch let error as FileError {
      throw DownloadError.storage(error, self.kept(part))
    }
    return .fetched(kept: kept, received: received)
  }

  /// Whether the target exists; throws a `DataError` if it is another file.
  private func isPresent() throws -> Bool {
    var status = stat()
    // If the status of a name cannot be read, the error is reported when the unfinished file is opened.
    guard stat(target.path, &status) == 0 else { return false }
    guard let difference = contents.difference(from: try FileDigests(of: target)) else { return true }
    throw DataError(
      file: target.path, found: difference.found, expected: difference.expected,
      advice: "it was left as it is: move it away, or choose another directory with --out")
  }

  /// Receives the missing bytes; returns the number of bytes from an earlier attempt.
  private func receive(into part: PartFile) throws -> Int {
    if part.length == contents.byteCount, try isWhole(part) { return part.length }
    var origin = part.origin
    if origin?.url != source || part.length >= contents.byteCount { origin = nil }
    if let kept = try request(from: origin, into: part) { return kept }
    // The server cannot resume at this position, so start from the beginning.
    guard let kept = try request(from: nil, into: part) else {
      preconditionFailure("a request for everything has no range that could be refused")
    }
    return kept
  }

  /// Whether an unfinished file is complete and only needs to be renamed.
  private func isWhole(_ part: PartFile) throws -> Bool {
    contents.difference(from: try FileDigests(of: URL(fileURLWithPath: part.path))) == nil
  }

  /// Makes one request, for the rest of the file from `origin`, or for everything. Returns the number of bytes that
  /// were kept, or nil if the server refuses the range.
  private func request(from origin: PartFile.Origin?, into part: PartFile) throws -> Int? {
    let offset = origin == nil ? 0 : part.length
    var kept = offset
    struct RangeRefused: Error {}
    let transfer = Transfer(
      url: source, offset: offset, validator: origin?.validator, timeout: .seconds(timeout),
      isCancelled: isCancelled)
    do {
      try transfer.perform(
        onHead: { head in
          switch head.status {
          case 200:
            try expectLength(head.contentLength)
            kept = 0
            try part.restart(from: PartFile.Origin(url: source, validator: head.validator))
          case 206 where offset > 0 && continues(head, origin, at: offset):
            try expectLength(head.contentRange.total)
          case 206 where offset > 0, 416 where offset > 0: throw RangeRefused()
          default: throw DownloadError.refused(url: source, status: head.status, self.kept(part))
          }
        },
        onBody: { bytes in
          guard part.length + bytes.count <= contents.byteCount else {
            part.remove()
            throw DataError(
              file: source, found: "more than \(contents.byteCount) bytes",
              expected: "\(contents.byteCount)", advice: Self.otherFile)
          }
          try part.append(bytes)
          progress(part.length)
        })
    } catch is RangeRefused {
      return nil
    } catch let failure as Transfer.Failure {
      throw reported(failure, part)
    } catch let error as FileError {
      throw DownloadError.storage(error, self.kept(part))
    }
    return kept
  }

  /// Whether a partial response starts at the requested byte, and is of the same version if both versions are known.
  private func continues(_ head: ResponseHead, _ origin: PartFile.Origin?, at offset: Int) -> Bool {
    guard head.contentRange.first == offset else { return false }
    guard let now = head.validator, let before = origin?.validator else { return true }
    return now == before
  }

  /// Refuses a response with a known and unexpected length, before any byte is overwritten.
  private func expectLength(_ length: Int?) throws {
    guard let length, length != contents.byteCount else { return }
    throw DataError(
      file: source, found: "a file of \(length) bytes", expected: "\(contents.byteCount)",
      advice: Self.otherFile)
  }

  private static let otherFile =
    "the address serves another file (or the network a page of its own): try again, or another one with --from"

  private func reported(_ failure: Transfer.Failure, _ part: PartFile) -> DownloadError {
    switch failure {
    case .cancelled: .interrupted(kept(part))
    case .stalled: .stalled(url: source, seconds: timeout, kept(part))
    case .unreachable(let reason): .unreachable(url: source, reason: reason, kept(part))
    case .broken(let reason): .broken(url: source, reason: reason, kept(part))
    }
  }

  private func kept(_ part: PartFile) -> DownloadError.Kept {
    DownloadError.Kept(path: part.path, bytes: part.length, total: contents.byteCount)
  }
}
