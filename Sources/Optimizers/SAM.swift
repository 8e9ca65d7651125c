import EscapementCalculus
import EscapementKernels

/// Sharpness-aware minimization (Foret et al., ICLR 2021): descent along the gradient at w + ε.
///
/// One step on a mini-batch is:
/// 1. g = ∇L(w), without weight decay;
/// 2. ‖g‖ over all parameters, including those of batch norm and the biases, in Double;
/// 3. ε = s·g with s = ρ / (‖g‖ + 10⁻¹²), or s = ρ unnormalized, or for adaptive SAM ε = s·((w·w)·g) with
///    s = ρ / (‖|w|·g‖ + 10⁻¹²); s is computed in Double and rounded once, w + ε is a new vector with each product
///    rounded before the sum;
/// 4. g̃ = ∇L(w + ε) on the same samples;
/// 5. w does not change before the descent, so there is nothing to restore;
/// 6. the base rule descends from w along g̃, with its momentum and weight decay.
public struct SAM<Base: DescentRule>: WrappingRule {
  /// The element type of the parameters.
  public typealias Element = Base.Element

  /// Added to ‖g‖, so that a zero gradient gives ε = 0 (github.com/davda54/sam).
  public static var normConstant: Double { 1e-12 }

  /// The radius ρ ≥ 0 by epoch.
  public let rho: RhoSchedule
  /// The kind of ascent and the treatment of running statistics.
  public let variant: SAMVariant
  /// The rule for the descent.
  public var base: Base

  /// Wraps a rule that has taken no step; a negative or non-finite ρ throws `HyperparameterError`.
  public init(base: Base, rho: RhoSchedule, variant: SAMVariant = .released) throws {
    try rho.validate()
    self.base = base
    self.rho = rho
    self.variant = variant
  }

  /// The same with one radius for all epochs.
  public init(base: Base, rho: Double, variant: SAMVariant = .released) throws {
    try self.init(base: base, rho: .constant(rho), variant: variant)
  }

  /// Two queries, at w and at w + ε, then the base rule's descent.
  public mutating func step<Oracle: GradientOracle<Element>>(
    _ parameters: inout ParameterVector<Element>, oracle: inout Oracle, context: StepContext
  ) throws -> StepRecord {
    let clean = try oracle.evaluate(at: parameters, on: .all, statistics: .observe)
    try Divergence.check(clean, step: context.step)
    let radius = rho.rho(epoch: context.epoch)
    let (perturbed, length) = ascended(parameters, along: clean.gradient, rho: radius)
    let sharp = try oracle.evaluate(
      at: perturbed, on: .all, statistics: variant.secondPassStatistics)
    try Divergence.check(sharp, step: context.step, prefix: "perturbed ")

    base.descend(&parameters, along: sharp.gradient, context: context)
    return StepRecord(
      clean, descent: sharp.gradient, descentLoss: sharp.loss, rho: radius, perturbationNorm: length,
      evaluations: 2, context: context)
  }

  /// w + ε and ‖ε‖.
  private func ascended(
    _ w: ParameterVector<Element>, along g: ParameterVector<Element>, rho: Double
  ) -> (point: ParameterVector<Element>, length: Double) {
    switch variant.ascent {
    case .normalized: return w.ascended(along: g, rho: rho, constant: Self.normConstant)
    case .unnormalized: return w.moved(along: g, by: rho)
    case .adaptive:
      // The norm does not depend on the sign that |w| removes.
      let norm = (w.flat * g.flat).norm()
      let direction = ParameterVector(layout: w.layout, flat: w.flat * w.flat * g.flat)
      return w.moved(along: direction, by: rho / (norm + Self.normConstant))
    }
  }
}
