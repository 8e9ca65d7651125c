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

extension UnusableWeights {
  /// Throws the error unless the numbers of a tensor are finite and, of a running variance, 0 or more.
  static func check<Element: Real>(_ tensor: Tensor<Element>, named name: String, file: String) throws {
    guard tensor.isFinite else {
      throw UnusableWeights(file: file, tensor: name, found: "a number that is not finite")
    }
    if name.hasSuffix("running_var"), tensor.elements.contains(where: { $0 < 0 }) {
      throw UnusableWeights(file: file, tensor: name, found: "a negative variance")
    }
  }
}

extension StateDictionary {
  /// Throws `UnusableWeights` unless every number is finite and every running variance 0 or more.
  public func check(file: String) throws {
    for vector in [parameters, statistics] {
      for (index, segment) in vector.layout.segments.enumerated() {
        try UnusableWeights.check(vector[index], named: segment.name, file: file)
      }
    }
  }
}

extension Safetensors {
  /// Throws `UnusableWeights` unless every number of the Float tensors is finite and every running variance 0 or more.
  package func checkUsable(file: String) throws {
    for name in names {
      guard let entry = tensors[name], entry.dtype == .f32 else { continue }
      let tensor: Tensor<Float> = InterchangeLayout.tensor(entry)
      try UnusableWeights.check(tensor, named: name, file: file)
    }
  }
}
