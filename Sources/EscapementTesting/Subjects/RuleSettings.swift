/// The hyper-parameters with which a law asks for a rule.
public struct RuleSettings: Hashable, Sendable {
  /// What the rule calls ρ, σ or γ: how far it perturbs. 0 turns the perturbation off.
  public var radius: Double
  /// μ of the base rule.
  public var momentum: Double
  /// λ of the base rule.
  public var weightDecay: Double
  /// Decides noise, where the rule has any.
  public var seed: UInt64
  /// The epochs of the run, for rules with stages.
  public var epochs: Int
  /// The share of the epochs that the first of two stages takes.
  public var stageFraction: Double

  /// Settings; the defaults are large enough that an error in any of them shows within a few steps.
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
