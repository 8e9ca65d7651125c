import EscapementOptimizers
import EscapementLongTail

/// How the samples of an epoch are drawn from the training set.
public enum Sampling: Hashable, Sendable {
  /// A new permutation each epoch: every sample once.
  case uniform
  /// With replacement, a sample of class c with probability proportional to 1/E_c, the inverse effective number of
  /// samples (`ClassBalancedDraws`). The released code calls this Resample, with base 0.9999. No published run of the
  /// papers verified here uses it.
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

  /// The draws with replacement from a set of images for one run's seed; nil if each image is visited once.
  public func draws(from images: any LabeledImages, seed: UInt64) -> ClassBalancedDraws? {
    switch self {
    case .uniform: nil
    case .effectiveNumber(let base):
      ClassBalancedDraws(
        labels: images.labels,
        weights: ClassWeights.effectiveNumber(counts: images.classCounts, base: base), seed: seed)
    }
  }
}
