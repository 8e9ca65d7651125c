import EscapementArtifacts
import Foundation

/// A run that stopped on request after writing a checkpoint. It can be continued with resume.
///
/// Exit code 75.
public struct Interrupted: ReportedError, Hashable {
  /// The sidecar of the checkpoint.
  public let checkpoint: URL

  /// Names the checkpoint to resume from.
  public init(checkpoint: URL) { self.checkpoint = checkpoint }

  /// 75: safe to run again.
  public var exitCode: Int32 { 75 }

  /// One line with the checkpoint's path.
  public var description: String {
    "interrupted after writing \(checkpoint.path); run again with --resume to go on"
  }
}
