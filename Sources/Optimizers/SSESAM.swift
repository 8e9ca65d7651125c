import EscapementCalculus
import EscapementKernels

/// SSE-SAM (AAAI 2025): SAM on head and tail separately in the first stage, on the tail alone in the second, as
/// computed by github.com/Zemdalk/SSE-SAM.
///
/// With L_H and L_T the sums of the head's and the tail's losses divided by the whole batch's size
/// (`PartNormalization.wholeBatch`), one step of either stage is:
/// 1. g_H = ∇L_H(w), ε_H = ρ_H·g_H / (‖g_H‖ + 10⁻¹⁶), g̃_H = ∇L_H(w + ε_H);
/// 2. g_T = ∇L_T(w), ε_T = ρ_T·g_T / (‖g_T‖ + 10⁻¹⁶), g̃_T = ∇L_T(w + ε_T);
/// 3. the base rule descends from w along g̃_H + g̃_T, with its momentum and weight decay.
///
/// From the 0-based epoch e ≥ γT on ρ_H is 0, and the step is that of ImbSAM with both losses divided by the batch's
/// size.
///
/// Both stages make four passes over the whole batch, each of which updates the running statistics. The released code
/// removes each ε by subtraction, which may change w in the last place between the two parts; here w does not change.
public struct SSESAM<Base: DescentRule>: WrappingRule {
  /// The element type of the parameters.
  public typealias Element = Base.Element

  /// Added to the norms, as in the released code.
  public static var normConstant: Double { 1e-16 }

  /// The head's radius by epoch, in the first stage.
  public let rhoHead: RhoSchedule
  /// The tail's radius by epoch, in both stages.
  public let rhoTail: RhoSchedule
  /// γ, the fraction of the epochs in the first stage.
  public let stageFraction: Double
  /// T, the number of epochs in the run.
  public let epochs: Int
  /// The rule for the descent.
  public var base: Base

  /// Wraps a rule that has taken no step. The default γ = 0.7 is that of the command in the released README. Throws
  /// `HyperparameterError` for a negative or non-finite radius, γ outside (0, 1) or T < 1.
  public init(
    base: Base, rhoHead: RhoSchedule, rhoTail: RhoSchedule, stageFraction: Double = 0.7, epochs: Int
  ) throws {
    try rhoHead.validate()
    try rhoTail.validate()
    guard stageFraction > 0, stageFraction < 1 else {
      throw HyperparameterError(
        name: "stage fraction", value: "\(stageFraction)", expected: "a number in (0, 1)")
    }
    guard epochs >= 1 else {
      throw HyperparameterError(name: "epochs", value: "\(epochs)", expected: "at least 1")
    }
    self.base = base
    self.rhoHead = rhoHead
    self.rhoTail = rhoTail
    self.stageFraction = stageFraction
    self.epochs = epochs
  }

  /// The same with one radius each. The default ρ_H is that of the released script, the default ρ_T that of its README.
  public init(
    base: Base, rhoHead: Double = 0.05, rhoTail: Double = 0.1, stageFraction: Double = 0.7, epochs: Int
  ) throws {
    try self.init(
      base: base, rhoHead: .constant(rhoHead), rhoTail: .constant(rhoTail), stageFraction: stageFraction,
      epochs: epochs)
  }

  /// The head's radius in a 0-based epoch: ρ_H while e < γT, with the product rounded in Double, then 0.
  public func headRadius(epoch: Int) -> Double {
    Double(epoch) >= stageFraction * Double(epochs) ? 0 : rhoHead.rho(epoch: epoch)
  }

  /// Four queries: the head at w and w + ε_H, the tail at w and w + ε_T; then the base rule's descent.
  ///
  /// In the record, losses are sums of head and tail, ‖g‖ is that of g_H + g_T, and ρ and ε are those of the tail.
  public mutating func step<Oracle: GradientOracle<Element>>(
    _ parameters: inout ParameterVector<Element>, oracle: inout Oracle, context: StepContext
  ) throws -> StepRecord {
    let head = try oracle.evaluate(at: parameters, on: .head, statistics: .observe)
    try Divergence.check(head, step: context.step, prefix: "head ")
    let (atHead, _) = parameters.ascended(
      along: head.gradient, rho: headRadius(epoch: context.epoch), constant: Self.normConstant)
    let sharpHead = try oracle.evaluate(at: atHead, on: .head, statistics: .observe)
    try Divergence.check(sharpHead, step: context.step, prefix: "perturbed head ")

    let tail = try oracle.evaluate(at: parameters, on: .tail, statistics: .observe)
    try Divergence.check(tail, step: context.step, prefix: "tail ")
    let radius = rhoTail.rho(epoch: context.epoch)
    let (atTail, length) = parameters.ascended(
      along: tail.gradient, rho: radius, constant: Self.normConstant)
    let sharpTail = try oracle.evaluate(at: atTail, on: .tail, statistics: .observe)
    try Divergence.check(sharpTail, step: context.step, prefix: "perturbed tail ")

    let clean = head + tail
    let descent = sharpHead.gradient + sharpTail.gradient
    base.descend(&parameters, along: descent, context: context)
    return StepRecord(
      clean, descent: descent, descentLoss: sharpHead.loss + sharpTail.loss, rho: radius,
      perturbationNorm: length, evaluations: 4, context: context)
  }
}
