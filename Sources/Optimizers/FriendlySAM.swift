import EscapementCalculus
import EscapementKernels

/// Friendly SAM (Li et al., CVPR 2024): SAM whose ascent follows only the part of the gradient that is specific to the
/// mini-batch, as computed by github.com/nblt/F-SAM.
///
/// With m a running mean of the gradients, an estimate of the gradient over all data, one step is:
/// 1. g = ∇L(w); d = g − σ·m, then m = λ·m + (1 − λ)·g; in the first step d = g and m = g;
/// 2. ε = ρ·d / (‖d‖ + 10⁻¹²), with the norm over all parameters, without weight decay;
/// 3. g̃ = ∇L(w + ε) on the same samples;
/// 4. the base rule descends from w along g̃, with its momentum and weight decay.
///
/// Products are rounded before their sums; 1 − λ is computed in Double. With σ = 0 this is SAM.
public struct FriendlySAM<Base: DescentRule>: WrappingRule {
  /// The element type of the parameters.
  public typealias Element = Base.Element

  /// Added to ‖d‖, as in the released code.
  public static var normConstant: Double { 1e-12 }
  /// The key of m in `state`.
  public static var meanKey: String { "friendly-sam-mean" }

  /// The radius ρ ≥ 0 by epoch.
  public let rho: RhoSchedule
  /// σ ≥ 0, the multiple of the mean that is subtracted.
  public let sigma: Double
  /// λ, in [0, 1), the decay of the mean.
  public let decay: Double
  /// Whether the second pass updates batch norm's running statistics.
  public let secondPassStatistics: StatisticsUpdate
  /// The rule for the descent.
  public var base: Base
  private var mean: ParameterVector<Element>?

  /// Wraps a rule that has taken no step. The defaults ρ = 0.2, σ = 1 and λ = 0.95 are those of the released command
  /// for CIFAR-100, whose second pass freezes the statistics (the code's own defaults are ρ = 0.05 and λ = 0.9). A
  /// constant out of range throws `HyperparameterError`.
  public init(
    base: Base, rho: RhoSchedule = .constant(0.2), sigma: Double = 1, decay: Double = 0.95,
    secondPassStatistics: StatisticsUpdate = .freeze
  ) throws {
    try rho.validate()
    try HyperparameterError.checkNotNegative(sigma, name: "sigma")
    guard decay >= 0, decay < 1 else {
      throw HyperparameterError(name: "decay", value: "\(decay)", expected: "a number in [0, 1)")
    }
    self.base = base
    self.rho = rho
    self.sigma = sigma
    self.decay = decay
    self.secondPassStatistics = secondPassStatistics
  }

  /// The base rule's state, with m under `meanKey` after the first step.
  public var state: [String: ParameterVector<Element>] {
    get {
      var state = base.state
      state[Self.meanKey] = mean
      return state
    }
    set {
      var state = newValue
      mean = state.removeValue(forKey: Self.meanKey)
      base.state = state
    }
  }

  /// Two queries, at w and at w + ε, then the base rule's descent.
  public mutating func step<Oracle: GradientOracle<Element>>(
    _ parameters: inout ParameterVector<Element>, oracle: inout Oracle, context: StepContext
  ) throws -> StepRecord {
    let clean = try oracle.evaluate(at: parameters, on: .all, statistics: .observe)
    try Divergence.check(clean, step: context.step)
    let gradient = clean.gradient
    let own = mean.map { gradient.moved(along: $0, by: -sigma).point } ?? gradient
    let radius = rho.rho(epoch: context.epoch)
    let (perturbed, length) = parameters.ascended(along: own, rho: radius, constant: Self.normConstant)
    let sharp = try oracle.evaluate(at: perturbed, on: .all, statistics: secondPassStatistics)
    try Divergence.check(sharp, step: context.step, prefix: "perturbed ")

    mean =
      mean.map {
        let kept = $0.flat.scaled(by: decay).addingScaled(1 - decay, gradient.flat)
        return ParameterVector(layout: gradient.layout, flat: kept)
      } ?? gradient
    base.descend(&parameters, along: sharp.gradient, context: context)
    return StepRecord(
      clean, descent: sharp.gradient, descentLoss: sharp.loss, rho: radius, perturbationNorm: length,
      evaluations: 2, context: context)
  }
}
