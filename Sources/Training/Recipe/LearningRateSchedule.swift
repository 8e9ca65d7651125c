import EscapementOptimizers
import CEscapementKernels

/// A learning rate that is constant within an epoch: the base rate times a factor that depends on the 0-based epoch e.
public struct LearningRateSchedule: Hashable, Sendable {
  /// From `epoch` on, the rate is `factor` times the base.
  public struct Milestone: Hashable, Sendable {
    /// The 0-based epoch.
    public let epoch: Int
    /// The factor of the base rate; factors of milestones do not accumulate.
    public let factor: Double

    /// A change of the rate.
    public init(epoch: Int, factor: Double) {
      self.epoch = epoch
      self.factor = factor
    }
  }

  /// The factor by epoch.
  public enum Curve: Hashable, Sendable {
    /// (e + 1)/`divisor` while e < `warmup`, then 1, then the factor of the last milestone at or before e.
    case steps(warmup: Int, divisor: Int, milestones: [Milestone])
    /// (1 + cos(π(e + `ahead`)/`epochs`))/2.
    case cosine(epochs: Int, ahead: Int)
  }

  /// The base rate.
  public var base: Double
  /// The factor by epoch.
  public var curve: Curve

  /// A schedule with a curve.
  public init(base: Double, curve: Curve) {
    self.base = base
    self.curve = curve
  }

  /// A linear warm-up of W epochs to the base rate, then drops.
  public init(base: Double, warmupEpochs: Int, milestones: [Milestone]) {
    self.init(
      base: base, curve: .steps(warmup: warmupEpochs, divisor: max(warmupEpochs, 1), milestones: milestones))
  }

  /// The CIFAR schedule of github.com/val-iisc/Saddle-LongTail and github.com/kaidic/LDAM-DRW: five
  /// epochs of warm-up, 0.01 from epoch 160 and 0.0001 from epoch 180.
  public static func released(base: Double = 0.1) -> LearningRateSchedule {
    LearningRateSchedule(
      base: base, warmupEpochs: 5,
      milestones: [Milestone(epoch: 160, factor: 0.01), Milestone(epoch: 180, factor: 0.0001)])
  }

  /// The same with the factors printed in section C of the NeurIPS 2022 supplement, 0.001 and 0.0001. The code that
  /// produced the results uses `released`.
  public static func asPrinted(base: Double = 0.1) -> LearningRateSchedule {
    LearningRateSchedule(
      base: base, warmupEpochs: 5,
      milestones: [Milestone(epoch: 160, factor: 0.001), Milestone(epoch: 180, factor: 0.0001)])
  }

  /// The schedule of github.com/pseulki/IB-Loss: as `released` up to epoch 100, where its loss changes; then 0.01, from
  /// 160 on 10⁻⁴ and from 180 on 10⁻⁶.
  public static func influenceBalanced(base: Double = 0.1) -> LearningRateSchedule {
    LearningRateSchedule(
      base: base, warmupEpochs: 5,
      milestones: [
        Milestone(epoch: 100, factor: 0.01), Milestone(epoch: 160, factor: 1e-4),
        Milestone(epoch: 180, factor: 1e-6),
      ])
  }

  /// The schedule of github.com/dvlab-research/Parametric-Contrastive-Learning on CIFAR: a warm-up of eleven epochs
  /// whose last overshoots to 1.1 times the base, 0.1 from epoch 321 and 0.01 from epoch 361.
  public static func parametricContrastive(base: Double = 0.05) -> LearningRateSchedule {
    LearningRateSchedule(
      base: base,
      curve: .steps(
        warmup: 11, divisor: 10,
        milestones: [Milestone(epoch: 321, factor: 0.1), Milestone(epoch: 361, factor: 0.01)]))
  }

  /// A half-cosine from the base rate toward 0.
  ///
  /// `ahead` is 0 if the scheduler steps after an epoch, so that the last one still has a rate above 0 (the ImageNet-LT
  /// and iNaturalist code of github.com/val-iisc/Saddle-LongTail). It is 1 if the scheduler steps before, so that the
  /// last one has the rate 0 (github.com/Zemdalk/SSE-SAM, github.com/cool-xuan/Imbalanced_SAM). PyTorch's scheduler
  /// computes each rate from the one before and may differ from this formula in the last places.
  public static func cosine(base: Double, epochs: Int, ahead: Int = 0) -> LearningRateSchedule {
    LearningRateSchedule(base: base, curve: .cosine(epochs: epochs, ahead: ahead))
  }

  /// Throws `HyperparameterError` for a rate or factor that is negative or not finite, an invalid warm-up, milestones
  /// that do not ascend, or a cosine that ends before the run's `epochs`.
  public func validate(epochs: Int) throws {
    func check(_ valid: Bool, _ name: String, _ value: Any, _ expected: String) throws {
      guard valid else { throw HyperparameterError(name: name, value: "\(value)", expected: expected) }
    }
    try HyperparameterError.checkNotNegative(base, name: "learning rate")
    switch curve {
    case .steps(let warmup, let divisor, let milestones):
      try check(warmup >= 0, "warm-up epochs", warmup, "at least 0")
      try check(divisor >= 1, "warm-up divisor", divisor, "at least 1")
      for milestone in milestones {
        try HyperparameterError.checkNotNegative(milestone.factor, name: "learning rate factor")
      }
      let starts = milestones.map(\.epoch)
      try check(
        starts.first ?? 0 >= 0 && zip(starts, starts.dropFirst()).allSatisfy { $0 < $1 }, "milestones",
        starts, "ascending epochs of at least 0")
    case .cosine(let period, let ahead):
      try check((0...1).contains(ahead), "ahead", ahead, "0 or 1")
      try check(period >= epochs, "cosine epochs", period, "at least the run's \(epochs)")
    }
  }

  /// The rate in a 0-based epoch; products and quotients are computed from left to right in Double.
  public func rate(epoch: Int) -> Double {
    precondition(epoch >= 0, "epoch \(epoch)")
    switch curve {
    case .steps(let warmup, let divisor, let milestones):
      if epoch < warmup { return base * Double(epoch + 1) / Double(divisor) }
      guard let milestone = milestones.last(where: { $0.epoch <= epoch }) else { return base }
      return base * milestone.factor
    case .cosine(let epochs, let ahead):
      precondition(epoch + ahead <= epochs, "epoch \(epoch) of \(epochs)")
      return base * (1 + ek_cospi(Double(epoch + ahead) / Double(epochs))) / 2
    }
  }
}
