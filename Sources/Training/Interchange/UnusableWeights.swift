import EscapementArtifacts
import EscapementCalculus
import EscapementKernels

/// Weights with which no network computes: a number that is not finite, or a negative running variance.
///
/// Exit code 70, as for a run that diverged: the file is whole, its numbers are of no use.
public struct UnusableWeights: ReportedError, Hashable {
  /// Where the weights come from.
  public let file: String
  /// The first such tensor.
  public let tensor: String
  /// What is wrong with it.
  public let found: String

  /// 70.
  public var exitCode: Int32 { 70 }

  /// One line with the file, the tensor and what is wrong.
  public var description: String {
    "\(file): \(tensor): found \(found), expected finite weights and variances of 0 or more"
  }
}

extension StateDictionary {
  /// Throws `UnusableWeights` unless every number is finite and every running variance 0 or more.
  public func check(file: String) throws {
    for vector in [parameters, statistics] {
      for (index, segment) in vector.layout.segments.enumerated() where !vector[index].isFinite {
        throw UnusableWeights(file: file, tensor: segment.name, found: "a number that is not finite")
      }
    }
    for (index, segment) in statistics.layout.segments.enumerated()
    where segment.name.hasSuffix("running_var") && statistics[index].elements.contains(where: { $0 < 0 }) {
      throw UnusableWeights(file: file, tensor: segment.name, found: "a negative variance")
    }
  }
}
