import EscapementCalculus
import EscapementKernels

/// ImbSAM (Zhou et al., ICCV 2023): SAM for the tail classes, SGD for the others, as computed by
/// github.com/cool-xuan/Imbalanced_SAM.
///
/// With L_H and L_T the losses of the batch's head and tail samples, which the oracle splits and normalizes
/// (`PartNormalization`), one step is:
/// 1. g_H = ∇L_H(w) and g_T = ∇L_T(w), from one pass over the whole batch;
/// 2. ε = ρ·g_T / (‖g_T‖ + 10⁻¹⁶), with the norm over all parameters, without weight decay;
/// 3. g̃_T = ∇L_T(w + ε), with a second forward pass over the whole batch;
/// 4. the base rule descends from w along g̃_T + g_H, with its momentum and weight decay.
///
/// The batch statistics of both passes enter the running statistics. Here step 1 makes two queries, and the second one
/// does not update the running statistics; the bits are those of one pass. The released code removes ε by subtraction,
/// w + ε − ε, which may differ from w in the last place; here w does not change. Without tail samples the step is that
/// of SGD on the head.
public struct ImbSAM<Base: DescentRule>: WrappingRule {
  /// The element type of the parameters.
  public typealias Element = Base.Element

  /// Added to ‖g_T‖, as in the released code.
  public static var normConstant: Double { 1e-16 }

  /// The radius ρ ≥ 0 by epoch.
  public let rho: RhoSchedule
  /// The rule for the descent.
  public var base: Base

  /// Wraps a rule that has taken no step; a negative or non-finite ρ throws `HyperparameterError`.
  public init(base: Base, rho: RhoSchedule) throws {
    try rho.validate()
    self.base = base
    self.rho = rho
  }

  /// The same with one radius for all epochs; 0.05 is the released code's default.
  public init(base: Base, rho: Double = 0.05) throws { try self.init(base: base, rho: .constant(rho)) }

  /// Three queries: head and tail at w, the tail at w + ε; then the base rule's descent.
  ///
  /// In the record, losses are sums of head and tail, ‖g‖ is that of g_H + g_T, and ε is the tail's.
  public mutating func step<Oracle: GradientOracle<Element>>(
    _ parameters: inout ParameterVector<Element>, oracle: inout Oracle, context: StepContext
  ) throws -> StepRecord {
    let head = try oracle.evaluate(at: parameters, on: .head, statistics: .observe)
    try Divergence.check(head, step: context.step, prefix: "head ")
    let tail = try oracle.evaluate(at: parameters, on: .tail, statistics: .freeze)
    try Divergence.check(tail, step: context.step, prefix: "tail ")

    let radius = rho.rho(epoch: context.epoch)
    let (perturbed, length) = parameters.ascended(
      along: tail.gradient, rho: radius, constant: Self.normConstant)
    let sharp = try oracle.evaluate(at: perturbed, on: .tail, statistics: .observe)
    try Divergence.check(sharp, step: context.step, prefix: "perturbed tail ")

    let clean = head + tail
    let descent = sharp.gradient + head.gradient
    base.descend(&parameters, along: descent, context: context)
    return StepRecord(
      clean, descent: descent, descentLoss: head.loss + sharp.loss, rho: radius, perturbationNorm: length,
      evaluations: 3, context: context)
  }
}
