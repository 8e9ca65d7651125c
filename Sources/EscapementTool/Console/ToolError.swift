import EscapementArtifacts

/// An error that only the command line can detect.
enum ToolError: ReportedError, Hashable {
  /// The command was used wrongly.
  case usage(String)
  /// The command was stopped by a signal; the text states how to continue.
  case interrupted(String)
  /// A computation had a non-finite result.
  case nonFinite(String)
  /// A computed result is not the required one.
  case differs(String)

  var exitCode: Int32 {
    switch self {
    case .usage: ExitStatus.usage.rawValue
    case .interrupted: ExitStatus.interrupted.rawValue
    case .nonFinite: ExitStatus.internalFailure.rawValue
    case .differs: ExitStatus.differs.rawValue
    }
  }

  var description: String {
    switch self {
    case .usage(let text), .interrupted(let text), .nonFinite(let text), .differs(let text): text
    }
  }
}
