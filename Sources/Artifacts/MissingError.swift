/// A file, a directory or a tool that the command needs does not exist.
///
/// Exit code 69.
public struct MissingError: ReportedError, Hashable {
  /// What is missing, with its path.
  public let what: String
  /// What the user can do about it.
  public let advice: String

  /// Names what is missing and how to get it.
  public init(what: String, advice: String) {
    self.what = what
    self.advice = advice
  }

  /// 69.
  public var exitCode: Int32 { 69 }

  /// "WHAT is missing; ADVICE".
  public var description: String {
    "\(what.quotable(limit: 1024)) is missing; \(advice.quotable(limit: 400))"
  }
}
