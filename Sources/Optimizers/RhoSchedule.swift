/// SAM's radius by 0-based epoch, constant within an epoch.
public enum RhoSchedule: Hashable, Sendable {
  /// A change of the radius to `rho` from `epoch` on.
  public struct Milestone: Hashable, Sendable {
    /// The 0-based epoch.
    public let epoch: Int
    /// The radius, not a factor.
    public let rho: Double

    /// A change of the radius.
    public init(epoch: Int, rho: Double) {
      self.epoch = epoch
      self.rho = rho
    }
  }

  /// One radius for all epochs, as in every CIFAR result of the NeurIPS 2022 supplement.
  case constant(Double)
  /// `first`, then the radius of the last milestone at or before the epoch; the epochs of the milestones ascend.
  case steps(first: Double, then: [Milestone])
  /// Linear from `first` in epoch 0 to `last` in epoch `epochs` − 1, rounded to sixteen bits as in the released code.
  case linear(first: Double, last: Double, epochs: Int)

  /// The schedule that the CIFAR code of github.com/val-iisc/Saddle-LongTail calls `step`: 0.05 for the five epochs of
  /// warm-up, then 0.1, then 0.5 and 0.6 from the two drops of the learning rate on. No published run uses it.
  public static let releasedSteps = RhoSchedule.steps(
    first: 0.05,
    then: [
      Milestone(epoch: 5, rho: 0.1), Milestone(epoch: 160, rho: 0.5), Milestone(epoch: 180, rho: 0.6),
    ])

  /// The four radii of the same repository's ImageNet-LT and iNaturalist 2018 code: during warm-up, and from epochs 5,
  /// 60 (where re-weighting begins) and 75 on.
  public static func largeScale(_ r0: Double, _ r1: Double, _ r2: Double, _ r3: Double) -> RhoSchedule {
    .steps(
      first: r0,
      then: [Milestone(epoch: 5, rho: r1), Milestone(epoch: 60, rho: r2), Milestone(epoch: 75, rho: r3)])
  }

  /// The schedule that the CIFAR code calls `linear`, from 0.05 to 0.8 by default. No published run uses it.
  public static func releasedLinear(epochs: Int = 200) -> RhoSchedule {
    .linear(first: 0.05, last: 0.8, epochs: epochs)
  }

  /// Throws `HyperparameterError` for a negative or non-finite radius, milestones that do not ascend from epoch 1 on,
  /// or a schedule without epochs.
  public func validate() throws {
    switch self {
    case .constant(let rho): try HyperparameterError.checkNotNegative(rho, name: "rho")
    case .steps(let first, let milestones):
      for rho in [first] + milestones.map(\.rho) {
        try HyperparameterError.checkNotNegative(rho, name: "rho")
      }
      let epochs = [0] + milestones.map(\.epoch)
      guard zip(epochs, epochs.dropFirst()).allSatisfy({ $0 < $1 }) else {
        throw HyperparameterError(
          name: "rho milestones", value: "\(epochs.dropFirst())", expected: "ascending epochs of at least 1")
      }
    case .linear(let first, let last, let epochs):
      try HyperparameterError.checkNotNegative(first, name: "rho")
      try HyperparameterError.checkNotNegative(last, name: "rho")
      guard epochs >= 1 else {
        throw HyperparameterError(name: "epochs", value: "\(epochs)", expected: "at least 1")
      }
    }
  }

  /// Throws `HyperparameterError` if the schedule has fewer epochs than a run of `epochs` epochs.
  package func checkCovers(epochs: Int) throws {
    guard case .linear(_, _, let last) = self, last < epochs else { return }
    throw HyperparameterError(
      name: "epochs of the radius's schedule", value: "\(last)", expected: "at least the run's \(epochs)")
  }

  /// The radius in a 0-based epoch. The schedule must be valid; `linear` is defined only up to its last epoch.
  public func rho(epoch: Int) -> Double {
    precondition(epoch >= 0, "epoch \(epoch)")
    switch self {
    case .constant(let rho): return rho
    case .steps(let first, let milestones):
      return milestones.last { $0.epoch <= epoch }?.rho ?? first
    case .linear(let first, let last, let epochs):
      precondition(epoch < epochs, "epoch \(epoch) of \(epochs)")
      // The slope is computed first, the order of scipy's interp1d, which the released code calls.
      let slope = epochs > 1 ? (last - first) / Double(epochs - 1) : 0
      return Double(Float16(slope * Double(epoch) + first))
    }
  }
}
