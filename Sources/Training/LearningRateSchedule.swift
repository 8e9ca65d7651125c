/// A learning rate that is constant within an epoch: a linear warm-up, then drops.
///
/// In the 0-based epoch e the rate is base·(e + 1)/W while e < W, then base times the factor of the
/// last milestone at or before e. Multiplications run left to right in Double.
public struct LearningRateSchedule: Hashable, Sendable {
  /// From `epoch` on, the rate is `factor` times the base.
  public struct Milestone: Hashable, Sendable {
    /// 0-based epoch.
    public let epoch: Int
    /// Multiplier of the base rate; milestones do not multiply each other.
    public let factor: Double

    /// A drop (or rise) of the rate.
    public init(epoch: Int, factor: Double) {
      self.epoch = epoch
      self.factor = factor
    }
  }

  /// The rate after the warm-up.
  public var base: Double
  /// W, the number of epochs that warm up.
  public let warmupEpochs: Int
  /// Drops, by ascending epoch.
  public let milestones: [Milestone]

  /// A schedule; epochs of milestones must ascend.
  public init(base: Double, warmupEpochs: Int, milestones: [Milestone]) {
    precondition(warmupEpochs >= 0, "\(warmupEpochs) warm-up epochs")
    precondition(
      zip(milestones, milestones.dropFirst()).allSatisfy { $0.epoch < $1.epoch },
      "milestones must ascend, got \(milestones.map(\.epoch))")
    self.base = base
    self.warmupEpochs = warmupEpochs
    self.milestones = milestones
  }

  /// The CIFAR schedule of github.com/val-iisc/Saddle-LongTail and github.com/kaidic/LDAM-DRW: five
  /// epochs of warm-up, 0.01 from epoch 160 and 0.0001 from epoch 180.
  public static func released(base: Double = 0.1) -> LearningRateSchedule {
    LearningRateSchedule(
      base: base, warmupEpochs: 5,
      milestones: [Milestone(epoch: 160, factor: 0.01), Milestone(epoch: 180, factor: 0.0001)])
  }

  /// The same with the factors that section C of the NeurIPS 2022 supplement prints, 0.001 and
  /// 0.0001. The code that made the numbers uses `released`.
  public static func asPrinted(base: Double = 0.1) -> LearningRateSchedule {
    LearningRateSchedule(
      base: base, warmupEpochs: 5,
      milestones: [Milestone(epoch: 160, factor: 0.001), Milestone(epoch: 180, factor: 0.0001)])
  }

  /// The rate of a 0-based epoch.
  public func rate(epoch: Int) -> Double {
    precondition(epoch >= 0, "epoch \(epoch)")
    if epoch < warmupEpochs { return base * Double(epoch + 1) / Double(warmupEpochs) }
    guard let milestone = milestones.last(where: { $0.epoch <= epoch }) else { return base }
    return base * milestone.factor
  }
}
