import EscapementCalculus
import EscapementKernels

/// GSAM (Zhuang et al., ICLR 2022, "Surrogate gap minimization improves sharpness-aware training"): SAM that also
/// reduces the gap between the perturbed loss and the loss, as computed by github.com/google-research/big_vision and
/// github.com/juntang-zhuang/GSAM.
///
/// One step on a mini-batch:
/// 1. g = ∇L(w), ε = ρ·g / (‖g‖ + 10⁻¹²), g̃ = ∇L(w + ε), as in SAM;
/// 2. r = g − (⟨g, g̃⟩/⟨g̃, g̃⟩)·g̃, the part of g orthogonal to g̃, which is g if g̃ is zero;
/// 3. the base rule descends from w along g̃ − α·r, with its momentum and weight decay.
///
/// To first order a step along −g̃ lowers the perturbed loss. A step along +r does not change the perturbed loss but
/// raises the loss, so the gap closes. The quotient is in Double; products are rounded before their sums. With α = 0
/// this is SAM.
public struct GSAM<Base: DescentRule>: WrappingRule {
  /// The element type of the parameters.
  public typealias Element = Base.Element

  /// How the radius changes.
  public enum Radius: Hashable, Sendable {
    /// By epoch, independent of the learning rate (the PyTorch code's example).
    case schedule(RhoSchedule)
    /// On the line through (`lowestRate`, `smallest`) and (`highestRate`, `largest`), as a function of the learning
    /// rate; `largest` if the two rates are equal (Algorithm 1 of the paper, as in big_vision). A rate outside this
    /// range, as in a warm-up, is extrapolated along the line, but not below 0.
    case withLearningRate(smallest: Double, largest: Double, lowestRate: Double, highestRate: Double)

    /// Throws `HyperparameterError` for a negative or non-finite radius or rate, or rates in the wrong order.
    func validate() throws {
      switch self {
      case .schedule(let schedule): try schedule.validate()
      case .withLearningRate(let smallest, let largest, let lowest, let highest):
        try HyperparameterError.checkNotNegative(smallest, name: "smallest rho")
        try HyperparameterError.checkNotNegative(largest, name: "largest rho")
        try HyperparameterError.checkNotNegative(lowest, name: "lowest learning rate")
        try HyperparameterError.checkNotNegative(highest, name: "highest learning rate")
        guard lowest <= highest else {
          throw HyperparameterError(
            name: "lowest learning rate", value: "\(lowest)", expected: "at most the highest, \(highest)")
        }
      }
    }

    /// The radius of a step.
    func rho(_ context: StepContext) -> Double {
      switch self {
      case .schedule(let schedule): return schedule.rho(epoch: context.epoch)
      case .withLearningRate(let smallest, let largest, let lowest, let highest):
        guard lowest < highest else { return largest }
        let slope = (largest - smallest) * (context.learningRate - lowest)
        return max(0, smallest + slope / (highest - lowest))
      }
    }
  }

  /// Added to ‖g‖ in the ascent, as in both codes.
  public static var normConstant: Double { 1e-12 }

  /// ρ.
  public let radius: Radius
  /// α ≥ 0, the weight of the part orthogonal to g̃.
  public let alpha: Double
  /// Whether the second pass updates batch norm's running statistics.
  public let secondPassStatistics: StatisticsUpdate
  /// The rule for the descent.
  public var base: Base

  /// Wraps a rule that has taken no step; an α or radius out of range throws `HyperparameterError`.
  ///
  /// Neither constant has a default, because the published ones belong together: ρ from 0.6 to 0.1 and α = 0.6 for
  /// vision transformers on ImageNet (big_vision); ρ = 2 with an adaptive ascent, which this rule does not implement,
  /// and α = 0.2 on CIFAR-10 (the PyTorch example). The PyTorch code freezes the statistics in the second pass.
  public init(
    base: Base, radius: Radius, alpha: Double, secondPassStatistics: StatisticsUpdate = .freeze
  ) throws {
    try radius.validate()
    try HyperparameterError.checkNotNegative(alpha, name: "alpha")
    self.base = base
    self.radius = radius
    self.alpha = alpha
    self.secondPassStatistics = secondPassStatistics
  }

  /// Two queries, at w and at w + ε, then the base rule's descent. The record's cosine is between g and the descent
  /// direction.
  public mutating func step<Oracle: GradientOracle<Element>>(
    _ parameters: inout ParameterVector<Element>, oracle: inout Oracle, context: StepContext
  ) throws -> StepRecord {
    let clean = try oracle.evaluate(at: parameters, on: .all, statistics: .observe)
    try Divergence.check(clean, step: context.step)
    let rho = radius.rho(context)
    let (perturbed, length) = parameters.ascended(
      along: clean.gradient, rho: rho, constant: Self.normConstant)
    let sharp = try oracle.evaluate(at: perturbed, on: .all, statistics: secondPassStatistics)
    try Divergence.check(sharp, step: context.step, prefix: "perturbed ")

    let across = clean.gradient.rejected(from: sharp.gradient)
    let descent = sharp.gradient.moved(along: across, by: -alpha).point
    base.descend(&parameters, along: descent, context: context)
    return StepRecord(
      clean, descent: descent, descentLoss: sharp.loss, rho: rho, perturbationNorm: length, evaluations: 2,
      context: context)
  }
}
