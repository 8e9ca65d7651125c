/// The hyper-parameters with which a law makes a rule.
public struct RuleSettings: Hashable, Sendable {
  /// The size of the perturbation, which a rule calls ρ, σ or γ. 0 disables the perturbation.
  public var radius: Double
  /// μ of the base rule.
  public var momentum: Double
  /// λ of the base rule.
  public var weightDecay: Double
  /// The seed of noise, for rules with noise.
  public var seed: UInt64
  /// The epochs of the run, for rules with stages.
  public var epochs: Int
  /// The share of the epochs in the first of two stages.
  public var stageFraction: Double

  /// Settings; the defaults are large enough that an error in any of them is visible within a few steps.
  public init(
    radius: Double = 0.5, momentum: Double = 0.9, weightDecay: Double = 0.1, seed: UInt64 = 7,
    epochs: Int = 10, stageFraction: Double = 0.5
  ) {
    self.radius = radius
    self.momentum = momentum
    self.weightDecay = weightDecay
    self.seed = seed
    self.epochs = epochs
    self.stageFraction = stageFraction
  }
}
