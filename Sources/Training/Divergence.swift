import Artifacts
import Kernels
import Networks

/// A loss or gradient that is no finite number: the step that met it changed nothing.
///
/// Exit code 70.
public struct Divergence: ReportedError, Hashable {
  /// Steps taken before this one.
  public let step: Int
  /// What was not finite: "loss" or "gradient", behind "perturbed", "head", "tail", "perturbed head" or
  /// "perturbed tail" where it was one of these.
  public let what: String

  /// Records the first non-finite quantity of a run.
  public init(step: Int, what: String) {
    self.step = step
    self.what = what
  }

  /// 70: a non-finite number.
  public var exitCode: Int32 { 70 }

  /// One line with the step.
  public var description: String {
    "diverged at step \(step): the \(what) is not finite; try a smaller learning rate or radius"
  }

  /// Throws unless the evaluation's loss and gradient are finite.
  static func check<Element>(
    _ evaluation: Evaluation<Element>, step: Int, prefix: String = ""
  ) throws {
    guard evaluation.loss.isFinite else { throw Divergence(step: step, what: prefix + "loss") }
    guard evaluation.gradient.flat.isFinite else { throw Divergence(step: step, what: prefix + "gradient") }
  }
}
