import EscapementCalculus
import EscapementKernels

/// LookSAM (Liu et al., CVPR 2022, "Towards efficient and scalable sharpness-aware minimization"): SAM in every k-th
/// step. The steps between reuse the component that SAM added to the gradient.
///
/// In steps 0, k, 2k, …:
/// 1. g = ∇L(w), ε = ρ·g / (‖g‖ + 10⁻¹²), g̃ = ∇L(w + ε);
/// 2. v = g̃ − (⟨g̃, g⟩/⟨g, g⟩)·g, the part of g̃ orthogonal to g, is kept;
/// 3. the base rule descends from w along g̃.
///
/// In the other steps the base rule descends along g + α·(‖g‖ / (‖v‖ + 10⁻¹²))·v. Scales are computed in Double and
/// rounded once; products are rounded before their sums. With k = 1 this is SAM.
///
/// No code of the paper's authors was found. The definition is that of github.com/Leminhbinh0209/LookSAM, whose norms
/// run over all parameters; github.com/rollovd/LookSAM has the same formulas with a separate norm for each tensor.
/// Look-LayerSAM, which scales each layer by itself, is another rule and no part of this one.
public struct LookSAM<Base: DescentRule>: WrappingRule {
  /// The element type of the parameters.
  public typealias Element = Base.Element

  /// Added to ‖g‖ and ‖v‖.
  public static var normConstant: Double { 1e-12 }
  /// The key of v in `state`.
  public static var directionKey: String { "looksam-direction" }

  /// The radius ρ ≥ 0 by epoch.
  public let rho: RhoSchedule
  /// k ≥ 1, the number of steps between ascents.
  public let period: Int
  /// α ≥ 0, the length of the kept direction as a multiple of ‖g‖.
  public let alpha: Double
  /// Whether the second pass updates batch norm's running statistics.
  public let secondPassStatistics: StatisticsUpdate
  /// The rule for the descent.
  public var base: Base
  private var direction: ParameterVector<Element>?

  /// Wraps a rule that has taken no step. The defaults ρ = 0.1, α = 0.7, k = 5 and statistics that include both passes
  /// are those of github.com/Leminhbinh0209/LookSAM and its example. A constant out of range throws
  /// `HyperparameterError`.
  public init(
    base: Base, rho: RhoSchedule = .constant(0.1), period: Int = 5, alpha: Double = 0.7,
    secondPassStatistics: StatisticsUpdate = .observe
  ) throws {
    try rho.validate()
    try HyperparameterError.checkNotNegative(alpha, name: "alpha")
    guard period >= 1 else {
      throw HyperparameterError(name: "period", value: "\(period)", expected: "at least 1")
    }
    self.base = base
    self.rho = rho
    self.period = period
    self.alpha = alpha
    self.secondPassStatistics = secondPassStatistics
  }

  /// The base rule's state, with v under `directionKey` after the first step.
  public var state: [String: ParameterVector<Element>] {
    get {
      var state = base.state
      state[Self.directionKey] = direction
      return state
    }
    set {
      var state = newValue
      direction = state.removeValue(forKey: Self.directionKey)
      base.state = state
    }
  }

  /// Two queries in a step with an ascent, one in the others. The record of a step without ascent has ρ = 0 and the
  /// cosine between g and the descent direction. Without a kept direction every step ascends.
  public mutating func step<Oracle: GradientOracle<Element>>(
    _ parameters: inout ParameterVector<Element>, oracle: inout Oracle, context: StepContext
  ) throws -> StepRecord {
    let clean = try oracle.evaluate(at: parameters, on: .all, statistics: .observe)
    try Divergence.check(clean, step: context.step)
    var record = StepRecord(clean, context: context)

    let descent: ParameterVector<Element>
    if let direction, context.step % period != 0 {
      let scale = alpha * (record.gradientNorm / (direction.flat.norm() + Self.normConstant))
      descent = clean.gradient.moved(along: direction, by: scale).point
    } else {
      record.rho = rho.rho(epoch: context.epoch)
      let (perturbed, length) = parameters.ascended(
        along: clean.gradient, rho: record.rho, constant: Self.normConstant)
      let sharp = try oracle.evaluate(at: perturbed, on: .all, statistics: secondPassStatistics)
      try Divergence.check(sharp, step: context.step, prefix: "perturbed ")
      direction = sharp.gradient.rejected(from: clean.gradient)
      descent = sharp.gradient
      record.descentLoss = sharp.loss
      record.perturbationNorm = length
      record.evaluations = 2
    }
    record.cosine = clean.gradient.cosine(to: descent)
    base.descend(&parameters, along: descent, context: context)
    return record
  }
}
