import Artifacts
import Kernels
import Networks

/// Everything that decides a training run's bits, apart from the data themselves.
public struct Recipe: Hashable, Sendable {
  /// How gradients move the parameters.
  public enum Optimizer: Hashable, Sendable {
    /// SGD with momentum.
    case sgd
    /// SAM around it.
    case sam(rho: Double, variant: SAMVariant)
  }

  /// The loss that is minimised.
  public enum Loss: String, Hashable, Sendable, CaseIterable {
    /// Softmax cross-entropy, weighted by class once re-weighting has begun.
    case crossEntropy = "cross-entropy"
  }

  /// The preset this began as, DATA/METHOD.
  public var preset: String
  /// Depth 6n + 2 of the CIFAR ResNet.
  public var depth: Int
  /// Channels of its first stage.
  public var width: Int
  /// The data set's name.
  public var data: String
  /// Passes over the training set.
  public var epochs: Int
  /// Samples a step; the last step of an epoch takes what is left.
  public var batchSize: Int
  /// The learning rate by epoch.
  public var schedule: LearningRateSchedule
  /// The 0-based epoch from which effective-number class weights apply; nil: never.
  public var drwEpoch: Int?
  /// The update rule.
  public var optimizer: Optimizer
  /// Momentum of the base rule.
  public var momentum: Double
  /// Weight decay of the base rule.
  public var weightDecay: Double
  /// Decides initialisation, order and augmentation.
  public var seed: UInt64
  /// The loss.
  public var loss: Loss

  /// A recipe with the published protocol's values where they are left out: batch 128, momentum 0.9
  /// and 200 epochs of the released schedule are section C of the NeurIPS 2022 supplement and its
  /// code, weight decay 2·10⁻⁴ is the code's default alone.
  public init(
    preset: String, depth: Int = 32, width: Int = 16, data: String, epochs: Int = 200,
    batchSize: Int = 128, schedule: LearningRateSchedule = .released(), drwEpoch: Int? = nil,
    optimizer: Optimizer = .sgd, momentum: Double = 0.9, weightDecay: Double = 2e-4, seed: UInt64 = 0,
    loss: Loss = .crossEntropy
  ) {
    self.preset = preset
    self.depth = depth
    self.width = width
    self.data = data
    self.epochs = epochs
    self.batchSize = batchSize
    self.schedule = schedule
    self.drwEpoch = drwEpoch
    self.optimizer = optimizer
    self.momentum = momentum
    self.weightDecay = weightDecay
    self.seed = seed
    self.loss = loss
  }

  /// Throws `HyperparameterError` for the first value out of its range.
  public func validate() throws {
    func check(_ valid: Bool, _ name: String, _ value: Any, _ expected: String) throws {
      guard valid else { throw HyperparameterError(name: name, value: "\(value)", expected: expected) }
    }
    try check(depth >= 8 && depth % 6 == 2 && depth <= 1202, "depth", depth, "6n + 2 between 8 and 1202")
    try check((1...1024).contains(width), "width", width, "1 to 1024")
    try check(epochs >= 1, "epochs", epochs, "at least 1")
    try check(batchSize >= 1, "batch size", batchSize, "at least 1")
    try HyperparameterError.checkNotNegative(schedule.base, name: "learning rate")
    for milestone in schedule.milestones {
      try HyperparameterError.checkNotNegative(milestone.factor, name: "learning rate factor")
    }
    if let drwEpoch { try check(drwEpoch >= 0, "DRW epoch", drwEpoch, "at least 0") }
    // The rules check their own values.
    _ = try makeRule(Float.self)
  }

  /// The update rule at its first step.
  public func makeRule<Element: Real>(_ type: Element.Type) throws -> any UpdateRule<Element> {
    let base = try SGD<Element>(momentum: momentum, weightDecay: weightDecay)
    switch optimizer {
    case .sgd: return base
    case .sam(let rho, let variant): return try SAM(base: base, rho: rho, variant: variant)
    }
  }

  /// The network for that number of classes.
  public func makeNetwork(classes: Int) -> Network { .resNet(depth: depth, width: width, classes: classes) }
}
