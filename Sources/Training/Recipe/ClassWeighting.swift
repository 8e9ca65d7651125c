import EscapementOptimizers
import EscapementLongTail
import EscapementNetworks

/// Class weights of the loss, and the epoch from which they apply.
///
/// From epoch 0 on this is re-weighting; from a later epoch on it is deferred re-weighting (DRW; Cao et al., NeurIPS
/// 2019), with equal weights before.
public struct ClassWeighting: Hashable, Sendable {
  /// The weights as a function of the class counts.
  public enum Kind: Hashable, Sendable {
    /// `ClassWeights.effectiveNumber`.
    case effectiveNumber(base: Double)
    /// `ClassWeights.inverseFrequency`.
    case inverseFrequency
    /// 1/n_c, not normalized.
    case inverseCount
  }

  /// The weights.
  public var kind: Kind
  /// The 0-based epoch from which they apply.
  public var start: Int
  /// The divisor of the weighted sum.
  public var divisor: SoftmaxCrossEntropy.Divisor

  /// A weighting; the default, the weighted mean, is used by all released code.
  public init(_ kind: Kind, start: Int, divisor: SoftmaxCrossEntropy.Divisor = .weights) {
    self.kind = kind
    self.start = start
    self.divisor = divisor
  }

  /// DRW as released: the effective number of samples with base 0.9999, from epoch 160 on CIFAR (60 on ImageNet-LT and
  /// iNaturalist 2018). The released code indexes a list of two entries by e // 160, so it fails at epoch 320; here the
  /// weights continue.
  public static func deferred(start: Int = 160) -> ClassWeighting {
    ClassWeighting(.effectiveNumber(base: 0.9999), start: start)
  }

  /// Algorithm 1 of the NeurIPS 2022 supplement exactly as printed: weights 1/n_y, and the sum divided by the batch's
  /// size. Gradients are then smaller by three orders of magnitude on CIFAR-10 LT than under `deferred`.
  public static func asPrinted(start: Int = 160) -> ClassWeighting {
    ClassWeighting(.inverseCount, start: start, divisor: .samples)
  }

  /// One weight per class for a 0-based epoch; nil before the start.
  public func weights(counts: [Int], epoch: Int) -> [Double]? {
    guard epoch >= start else { return nil }
    switch kind {
    case .effectiveNumber(let base): return ClassWeights.effectiveNumber(counts: counts, base: base)
    case .inverseFrequency: return ClassWeights.inverseFrequency(counts: counts)
    case .inverseCount: return counts.map { 1 / Double($0) }
    }
  }

  /// Throws `HyperparameterError` for a negative start or a base outside [0, 1).
  public func validate() throws {
    guard start >= 0 else {
      throw HyperparameterError(name: "DRW epoch", value: "\(start)", expected: "at least 0")
    }
    if case .effectiveNumber(let base) = kind, !(base >= 0 && base < 1) {
      throw HyperparameterError(
        name: "base of the effective number", value: "\(base)", expected: "a number in [0, 1)")
    }
  }
}
