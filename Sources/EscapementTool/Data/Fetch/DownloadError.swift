import EscapementArtifacts

/// The reason why a download failed. Damaged contents are a `DataError` instead.
enum DownloadError: ReportedError, Equatable {
  /// The bytes on the disk that are kept for the next attempt.
  struct Kept: Equatable {
    /// The unfinished file.
    var path: String
    /// Its length.
    var bytes: Int
    /// The length of the whole file.
    var total: Int

    /// "N of M bytes are kept in PATH and the same command goes on from there".
    var sentence: String {
      bytes == 0
        ? "nothing is kept and the same command starts again"
        : "\(bytes) of \(total) bytes are kept in \(path) and the same command goes on from there"
    }
  }

  /// The server responded with an unsuccessful status.
  case refused(url: String, status: Int, Kept)
  /// No server responded.
  case unreachable(url: String, reason: String, Kept)
  /// The connection ended too early.
  case broken(url: String, reason: String, Kept)
  /// No byte arrived for the given number of seconds.
  case stalled(url: String, seconds: Int, Kept)
  /// A signal requested the end.
  case interrupted(Kept)
  /// The disk is full or could not be written.
  case storage(FileError, Kept)
  /// Another process is downloading the same file.
  case inUse(path: String)

  /// 75 if the command can be retried, 69 if something must change first.
  var exitCode: Int32 {
    switch self {
    case .broken, .stalled, .interrupted: ExitStatus.interrupted.rawValue
    case .refused, .unreachable, .inUse, .storage: ExitStatus.missing.rawValue
    }
  }

  var description: String {
    switch self {
    case .refused(let url, let status, let kept):
      "\(url): found the HTTP status \(status), expected 200; check the address or give another with --from; "
        + kept.sentence
    case .unreachable(let url, let reason, let kept):
      "\(url): no answer (\(reason)); check the address, the network and http_proxy, https_proxy; "
        + kept.sentence
    case .broken(let url, let reason, let kept):
      "\(url): the connection ended too early (\(reason)); \(kept.sentence)"
    case .stalled(let url, let seconds, let kept):
      "\(url): no byte for \(seconds) s (--timeout); \(kept.sentence)"
    case .interrupted(let kept): "interrupted; \(kept.sentence)"
    case .storage(let error, let kept): "\(error.description); \(kept.sentence)"
    case .inUse(let path):
      "\(path) is being written by another process; wait for its end or choose another directory with --out"
    }
  }
}
