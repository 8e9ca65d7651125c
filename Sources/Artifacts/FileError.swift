import Foundation

/// The operating system refused a file operation: no permission, no space, no such directory.
///
/// Exit code 69: the source or destination is not available.
public struct FileError: ReportedError, Hashable {
  /// The operation that failed, as a verb: "write", "open", "rename".
  public let operation: String
  /// The path.
  public let path: String
  /// The POSIX error number.
  public let code: Int32

  /// Records a failed call; `code` is errno read right after it.
  public init(operation: String, path: String, code: Int32) {
    self.operation = operation
    self.path = path
    self.code = code
  }

  /// 69.
  public var exitCode: Int32 { 69 }

  /// "cannot OPERATION PATH: REASON; ADVICE".
  public var description: String {
    let line = "cannot \(operation) \(path.quotable(limit: 1024)): \(String(cString: strerror(code)))"
    return advice.map { "\(line); \($0)" } ?? line
  }

  private var advice: String? {
    switch code {
    case EACCES, EPERM, EROFS: "choose a place that you may write to, or change its permissions"
    case ENOSPC, EDQUOT: "free some space or choose another disk"
    case EFBIG: "raise the limit on a file's size (ulimit -f) or choose another file system"
    case ENOENT: "create the directory first or correct the path"
    case ENOTDIR: "a part of the path is a file: correct the path"
    case ENOTEMPTY, EEXIST: "choose another place, or resume the run that is there"
    case EISDIR: "the path is a directory: give a file"
    case ENXIO: "no process reads from it: start the reader first"
    case ENAMETOOLONG: "shorten the path"
    default: nil
    }
  }
}
