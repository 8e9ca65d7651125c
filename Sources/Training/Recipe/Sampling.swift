import EscapementOptimizers
import EscapementLongTail

/// How the samples of an epoch are drawn from the training set.
public enum Sampling: Hashable, Sendable {
  /// A fresh permutation each epoch: every sample once.
  case uniform
  /// With replacement, a sample of class c in proportion to 1/E_c, the inverse effective number of samples
  /// (`ClassBalancedDraws`): what the released code calls Resample, with base 0.9999. No published run of the papers
  /// verified here uses it.
  case effectiveNumber(base: Double)

  /// Resampling as released.
  public static let resampled = Sampling.effectiveNumber(base: 0.9999)

  /// Throws `HyperparameterError` for a base outside [0, 1).
  public func validate() throws {
    if case .effectiveNumber(let base) = self, !(base >= 0 && base < 1) {
      throw HyperparameterError(
        name: "base of the effective number", value: "\(base)", expected: "a number in [0, 1)")
    }
  }

  /// The draws with replacement from a set of images under one run's seed; nil where each is visited once.
  public func draws(from images: ImageSet, seed: UInt64) -> ClassBalancedDraws? {
    switch self {
    case .uniform: nil
    case .effectiveNumber(let base):
      ClassBalancedDraws(
        labels: images.labels,
        weights: ClassWeights.effectiveNumber(counts: images.classCounts, base: base), seed: seed)
    }
  }
}
