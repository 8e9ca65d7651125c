import Calculus
import Kernels

/// Sharpness-aware minimization (Foret et al., ICLR 2021): descend along the gradient at w + ε.
///
/// One step on a mini-batch:
/// 1. g = ∇L(w), without weight decay;
/// 2. ‖g‖ over all parameters, batch norm's and biases included, in Double;
/// 3. ε = s·g with s = ρ / (‖g‖ + 10⁻¹²), or s = ρ unnormalised; s is computed in Double and rounded
///    once, w + ε is a new vector with the product rounded before the sum;
/// 4. g̃ = ∇L(w + ε) on the same samples;
/// 5. w itself was never touched, so there is nothing to restore;
/// 6. the base rule descends from w along g̃, with its momentum and weight decay.
public struct SAM<Base: DescentRule>: UpdateRule {
  /// The element type of the parameters.
  public typealias Element = Base.Element

  /// Added to ‖g‖, so that a zero gradient gives ε = 0 (github.com/davda54/sam).
  public static var normConstant: Double { 1e-12 }

  /// The radius ρ ≥ 0.
  public let rho: Double
  /// The ascent and the treatment of running statistics.
  public let variant: SAMVariant
  private var base: Base

  /// Wraps a rule that has taken no step; a negative or non-finite ρ throws `HyperparameterError`.
  public init(base: Base, rho: Double, variant: SAMVariant = .released) throws {
    try HyperparameterError.checkNotNegative(rho, name: "rho")
    self.base = base
    self.rho = rho
    self.variant = variant
  }

  /// The base rule's state: SAM keeps none.
  public var state: [String: ParameterVector<Element>] {
    get { base.state }
    set { base.state = newValue }
  }

  /// Two queries, at w and at w + ε, then the base rule's descent.
  public mutating func step<Oracle: GradientOracle<Element>>(
    _ parameters: inout ParameterVector<Element>, oracle: inout Oracle, context: StepContext
  ) throws -> StepRecord {
    let clean = try oracle.evaluate(at: parameters, on: .all, statistics: .observe)
    try Divergence.check(clean, step: context.step)
    let norm = clean.gradient.flat.norm()

    let scale: Double =
      switch variant.ascent {
      case .normalized: rho / (norm + Self.normConstant)
      case .unnormalized: rho
      }
    // With s = 0 the sum would still turn a parameter of -0 into +0, and ρ = 0 would not be SGD to the bit.
    let perturbed =
      scale == 0
      ? parameters
      : ParameterVector(
        layout: parameters.layout, flat: parameters.flat.addingScaled(scale, clean.gradient.flat))
    let perturbationNorm = (perturbed.flat - parameters.flat).norm()

    let sharp = try oracle.evaluate(
      at: perturbed, on: .all, statistics: variant.secondPassStatistics)
    try Divergence.check(sharp, step: context.step, prefix: "perturbed ")
    let lengths = norm * sharp.gradient.flat.norm()
    let cosine = lengths > 0 ? clean.gradient.flat.dot(sharp.gradient.flat) / lengths : 0

    base.descend(&parameters, along: sharp.gradient, context: context)
    return StepRecord(
      loss: clean.loss, descentLoss: sharp.loss, learningRate: context.learningRate, rho: rho,
      gradientNorm: norm, perturbationNorm: perturbationNorm, cosine: cosine, evaluations: 2,
      samples: clean.samples, correct: clean.correct)
  }
}
