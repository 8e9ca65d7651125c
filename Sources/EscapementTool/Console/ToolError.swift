import EscapementArtifacts

/// A fault that only the command line can see.
enum ToolError: ReportedError, Hashable {
  /// The command was used wrongly.
  case usage(String)
  /// The command was stopped by a signal; the text says how to go on.
  case interrupted(String)
  /// A computation left the finite numbers.
  case nonFinite(String)
  /// What was computed is not as it must be.
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
