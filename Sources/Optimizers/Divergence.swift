import EscapementArtifacts
import EscapementCalculus
import Foundation
import EscapementKernels

/// A loss or gradient that is not finite. The step that met it changed nothing.
///
/// Exit code 70.
public struct Divergence: ReportedError, Hashable {
  /// The number of steps taken before this one.
  public let step: Int
  /// What was not finite: "loss" or "gradient", preceded by "perturbed", "head", "tail", "perturbed head" or "perturbed
  /// tail" where that applies.
  public let what: String
  /// The first segment, in layout order, whose gradient is not finite; nil if only the loss is not finite.
  public let tensor: String?
  /// The sidecar of the newest checkpoint whose numbers are all finite; nil if there is none, or outside a run
  /// directory.
  public package(set) var checkpoint: URL?
  /// The number of consecutive steps skipped before this one.
  public package(set) var skippedBefore = 0

  /// Records the first non-finite quantity of a run.
  public init(step: Int, what: String, tensor: String? = nil) {
    self.step = step
    self.what = what
    self.tensor = tensor
  }

  /// 70: a non-finite number.
  public var exitCode: Int32 { 70 }

  /// The step, the quantity and the tensor.
  public var reason: String {
    let line = "step \(step): the \(what) is not finite"
    return tensor.map { "\(line), first in tensor \($0)" } ?? line
  }

  /// One line with the step, the tensor and the checkpoint.
  public var description: String {
    var line = "diverged at \(reason)"
    if skippedBefore > 0 { line += ", after \(skippedBefore) skipped steps in a row" }
    if let checkpoint { line += "; the last good checkpoint is \(checkpoint.path)" }
    return line + "; try a smaller learning rate or radius"
  }

  /// Its members in a run's metrics.
  package var fields: [String: JSON] {
    ["step": .integer(step), "what": .string(what), "tensor": .optional(tensor)]
  }

  /// Throws unless the evaluation's loss and gradient are finite.
  static func check<Element>(
    _ evaluation: Evaluation<Element>, step: Int, prefix: String = ""
  ) throws {
    let isFinite = evaluation.gradient.flat.isFinite
    guard !evaluation.loss.isFinite || !isFinite else { return }
    let gradient = evaluation.gradient
    let tensor = gradient.layout.segments.indices.first { !gradient[$0].isFinite }
    throw Divergence(
      step: step, what: prefix + (evaluation.loss.isFinite ? "gradient" : "loss"),
      tensor: tensor.map { gradient.layout.segments[$0].name })
  }
}
