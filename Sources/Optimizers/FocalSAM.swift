import EscapementCalculus
import EscapementKernels

/// Focal-SAM (Li et al., ICML 2025): SAM on a part of the loss with larger weights for rare classes, SGD on the rest,
/// as computed by github.com/scongl/Focal-SAM.
///
/// With c_y the shares of `FocalSharpness`, which the oracle applies (`NetworkOracle.sharpness`), L_H =
/// Σ (1 − c_y)·ℓ/B and L_T = Σ c_y·ℓ/B over the whole batch, one step is:
/// 1. g_H = ∇L_H(w) and g_T = ∇L_T(w), from one pass over the batch;
/// 2. ε = ρ·g_T / (‖g_T‖ + 10⁻¹²), with the norm over all parameters, without weight decay;
/// 3. g̃_T = ∇L_T(w + ε), with a second forward pass over the batch;
/// 4. the base rule descends from w along g̃_T + g_H, with its momentum and weight decay.
///
/// The batch statistics of both passes enter the running statistics. Here step 1 makes two queries, and the second one
/// does not update the running statistics. With shares of 0 and 1 this is ImbSAM except for the constant in the norm.
public struct FocalSAM<Base: DescentRule>: WrappingRule {
  /// The element type of the parameters.
  public typealias Element = Base.Element

  /// Added to ‖g_T‖, as in the released code.
  public static var normConstant: Double { 1e-12 }

  /// The radius ρ ≥ 0 by epoch.
  public let rho: RhoSchedule
  /// The rule for the descent.
  public var base: Base

  /// Wraps a rule that has taken no step. The default ρ = 0.2 is that of the released command for CIFAR-10 (0.3 for
  /// CIFAR-100). A radius out of range throws `HyperparameterError`.
  public init(base: Base, rho: RhoSchedule = .constant(0.2)) throws {
    try rho.validate()
    self.base = base
    self.rho = rho
  }

  /// Three queries: `.head` and `.tail` at w, `.tail` at w + ε; then the base rule's descent.
  ///
  /// In the record, losses are sums of both parts, ‖g‖ is that of g_H + g_T, and ε is that of the perturbed part. The
  /// sample counts are those of one part, because each part contains every sample.
  public mutating func step<Oracle: GradientOracle<Element>>(
    _ parameters: inout ParameterVector<Element>, oracle: inout Oracle, context: StepContext
  ) throws -> StepRecord {
    let plain = try oracle.evaluate(at: parameters, on: .head, statistics: .observe)
    try Divergence.check(plain, step: context.step, prefix: "head ")
    let focal = try oracle.evaluate(at: parameters, on: .tail, statistics: .freeze)
    try Divergence.check(focal, step: context.step, prefix: "tail ")

    let radius = rho.rho(epoch: context.epoch)
    let (perturbed, length) = parameters.ascended(
      along: focal.gradient, rho: radius, constant: Self.normConstant)
    let sharp = try oracle.evaluate(at: perturbed, on: .tail, statistics: .observe)
    try Divergence.check(sharp, step: context.step, prefix: "perturbed tail ")

    let clean = plain + focal
    let descent = sharp.gradient + plain.gradient
    base.descend(&parameters, along: descent, context: context)
    var record = StepRecord(
      clean, descent: descent, descentLoss: plain.loss + sharp.loss, rho: radius, perturbationNorm: length,
      evaluations: 3, context: context)
    // Each part contains every sample.
    (record.samples, record.correct) = (plain.samples, plain.correct)
    return record
  }
}
