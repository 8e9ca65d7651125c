import EscapementOptimizers
import EscapementKernels
import EscapementNetworks

/// Everything that determines a training run's bits, except for the data.
public struct Recipe: Hashable, Sendable {
  /// The most epochs: reading a record computes a radius and a learning rate for each. No published run has a hundredth
  /// of it.
  public static let epochLimit = 100_000
  /// The most samples per step, more than any published training set has.
  public static let batchLimit = 10_000_000

  /// The preset from which it was made, DATA/METHOD.
  public var preset: String
  /// The network.
  public var architecture: Architecture
  /// The data set's name.
  public var data: String
  /// The number of passes over the training set.
  public var epochs: Int
  /// The number of samples per step; the last step of an epoch takes the remaining ones, or is dropped if the loss is
  /// PaCo's.
  public var batchSize: Int
  /// The learning rate by epoch.
  public var schedule: LearningRateSchedule
  /// The loss.
  public var loss: LossChoice
  /// Its class weights; nil for none.
  public var weighting: ClassWeighting?
  /// How the samples of an epoch are drawn.
  public var sampling: Sampling
  /// The update rule.
  public var optimizer: OptimizerChoice
  /// Momentum of the base rule.
  public var momentum: Double
  /// Weight decay of the base rule.
  public var weightDecay: Double
  /// Whether a radius may decrease where re-weighting begins: Algorithm 1 of the NeurIPS 2022 supplement requires ρ_drw
  /// ≥ ρ.
  public var allowsFallingRho: Bool
  /// The seed for initialization, order, augmentation and noise.
  public var seed: UInt64

  /// A recipe; the defaults are those of the published protocol: batch 128, momentum 0.9 and 200 epochs of the released
  /// schedule are from section C of the NeurIPS 2022 supplement and its code, weight decay 2·10⁻⁴ is a default of the
  /// code only.
  public init(
    preset: String, architecture: Architecture = .resNet32, data: String, epochs: Int = 200,
    batchSize: Int = 128,
    schedule: LearningRateSchedule = .released(), loss: LossChoice = .crossEntropy,
    weighting: ClassWeighting? = nil, sampling: Sampling = .uniform, optimizer: OptimizerChoice = .sgd,
    momentum: Double = 0.9, weightDecay: Double = 2e-4, allowsFallingRho: Bool = false, seed: UInt64 = 0
  ) {
    self.preset = preset
    self.architecture = architecture
    self.data = data
    self.epochs = epochs
    self.batchSize = batchSize
    self.schedule = schedule
    self.loss = loss
    self.weighting = weighting
    self.sampling = sampling
    self.optimizer = optimizer
    self.momentum = momentum
    self.weightDecay = weightDecay
    self.allowsFallingRho = allowsFallingRho
    self.seed = seed
  }

  /// Throws `HyperparameterError` for the first value out of its range.
  public func validate() throws {
    func check(_ valid: Bool, _ name: String, _ value: Any, _ expected: String) throws {
      guard valid else { throw HyperparameterError(name: name, value: "\(value)", expected: expected) }
    }
    try check((1...Self.epochLimit).contains(epochs), "epochs", epochs, "1 to \(Self.epochLimit)")
    try check(
      (1...Self.batchLimit).contains(batchSize), "batch size", batchSize, "1 to \(Self.batchLimit)")
    try schedule.validate(epochs: epochs)
    try loss.validate()
    try weighting?.validate()
    try sampling.validate()
    // The rules check their own values.
    if !optimizer.isCustom { _ = try makeRule(Float.self) }
    try optimizer.validate(batchSize: batchSize, epochs: epochs)
    if optimizer.oracle.sharpness != nil {
      switch loss {
      case .crossEntropy, .ldam, .ldamOfSSESAM, .vs: break
      case .focal, .influenceBalanced, .parametricContrastive:
        try check(
          false, "loss", loss.label, "a cross-entropy, whose samples can be shared out between two parts")
      }
    }
    try checkDeferredRho()
    try checkContrast()
  }

  /// What parametric contrastive learning needs: its network, whole batches that divide the queue, and no class
  /// weights.
  private func checkContrast() throws {
    func check(_ valid: Bool, _ name: String, _ value: String, _ expected: String) throws {
      guard valid else { throw HyperparameterError(name: name, value: value, expected: expected) }
    }
    guard case .parametricContrastive(_, _, let queue) = loss else {
      return try check(
        architecture.classifier != .projected, "network", "\(architecture)",
        "one without a projection head for the loss \(loss.label)")
    }
    try check(
      architecture.classifier == .projected, "network", "\(architecture)",
      "one with a projection head for the loss paco, such as resnet32-w16-projected")
    try check(
      weighting == nil, "weighting", "from epoch \(weighting?.start ?? 0) on",
      "none: the loss paco has log priors instead of class weights")
    try check(
      optimizer.oracle == OracleSettings(), "optimizer", optimizer.label ?? "sgd",
      "a rule of whole batches for the loss paco, such as sgd or sam")
    try check(
      queue % batchSize == 0, "batch size", "\(batchSize)", "a divisor of the queue of \(queue) keys")
  }

  /// The number of steps of an epoch over `samples` training images: ⌈samples/batch⌉, or ⌊samples/batch⌋ for PaCo,
  /// whose released loader drops the last, partial batch.
  package func steps(samples: Int) -> Int {
    let (whole, rest) = samples.quotientAndRemainder(dividingBy: batchSize)
    return whole + (rest > 0 && loss.views == .augmented ? 1 : 0)
  }

  /// The update rule before its first step. Throws `HyperparameterError` for a rule that is not part of this package.
  public func makeRule<Element: Real>(_ type: Element.Type) throws -> any UpdateRule<Element> {
    let base = try SGD<Element>(momentum: momentum, weightDecay: weightDecay)
    return try optimizer.makeRule(base: base, epochs: epochs, seed: seed)
  }

  /// The same recipe over another number of epochs; a cosine is stretched with it, milestones do not move.
  public func lasting(_ epochs: Int) -> Recipe {
    var recipe = self
    recipe.epochs = epochs
    if case .cosine(_, let ahead) = schedule.curve {
      recipe.schedule.curve = .cosine(epochs: max(epochs, 1), ahead: ahead)
    }
    return recipe
  }

  /// ρ_drw ≥ ρ: no radius from the start of re-weighting on may be smaller than one before it.
  private func checkDeferredRho() throws {
    guard let weighting, !allowsFallingRho, (1..<epochs).contains(weighting.start) else { return }
    for schedule in optimizer.radii {
      let before = (0..<weighting.start).map { schedule.rho(epoch: $0) }.max() ?? 0
      let after = (weighting.start..<epochs).map { schedule.rho(epoch: $0) }.min() ?? before
      guard after >= before else {
        throw HyperparameterError(
          name: "rho from epoch \(weighting.start) on", value: "\(after)",
          expected: "at least the \(before) before re-weighting begins, or a recipe that allows it to fall")
      }
    }
  }
}
