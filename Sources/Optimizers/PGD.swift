import EscapementCalculus
import EscapementKernels
import EscapementRandomness

/// To what perturbed gradient descent adds its noise.
public enum PGDVariant: String, Hashable, Sendable, CaseIterable {
  /// The weights, after the base rule's update: the momentum buffer has no noise in it.
  case weights
  /// The gradient, before it: the weights move by η·σ·ξ at once, and momentum carries the noise on.
  case gradient
}

/// Perturbed gradient descent: SGD with isotropic Gaussian noise in every step.
///
/// With ξ ~ N(0, I), g = ∇L(w) and the base rule's descent (momentum and weight decay included):
///
///     weights:    descend along g, then w = w + σ·ξ
///     gradient:   descend along g + σ·ξ   (Jin et al., 2019)
///
/// The supplement of "Escaping Saddle Points…" (NeurIPS 2022, section C) gives N(0, σ²I) with σ = 10⁻⁴ and no
/// code; to what the noise is added, and when, it does not say.
public struct PGD<Base: DescentRule>: WrappingRule {
  /// The element type of the parameters.
  public typealias Element = Base.Element

  /// To what the noise is added.
  public typealias Variant = PGDVariant

  /// σ ≥ 0, a noise entry's standard deviation.
  public let sigma: Double
  /// To what the noise is added.
  public let variant: Variant
  /// Decides the noise, with the step.
  public let seed: UInt64
  /// The rule that descends.
  public var base: Base

  /// Wraps a rule that has taken no step. Defaults: the supplement's σ, and the weights, where that σ is not
  /// multiplied by the learning rate. A negative or non-finite σ throws `HyperparameterError`.
  public init(base: Base, sigma: Double = 1e-4, variant: Variant = .weights, seed: UInt64) throws {
    try HyperparameterError.checkNotNegative(sigma, name: "sigma")
    self.base = base
    self.sigma = sigma
    self.variant = variant
    self.seed = seed
  }

  /// One query at w; ‖ε‖ of the record is ‖σ·ξ‖.
  ///
  /// Entry i of ξ is draw i of the stream of (seed, step), rounded once; the product is rounded before the
  /// sum.
  public mutating func step<Oracle: GradientOracle<Element>>(
    _ parameters: inout ParameterVector<Element>, oracle: inout Oracle, context: StepContext
  ) throws -> StepRecord {
    let clean = try oracle.evaluate(at: parameters, on: .all, statistics: .observe)
    try Divergence.check(clean, step: context.step)

    var descent = clean.gradient
    var length = 0.0
    // Adding zeros would still turn an entry of -0 into +0, and σ = 0 would not be SGD to the bit.
    if sigma > 0 {
      let noise = Tensor<Element>.standardNormal(
        seed: seed, purpose: .perturbation, index: UInt64(context.step), shape: parameters.flat.shape)
      length = sigma * noise.norm()
      switch variant {
      case .weights:
        base.descend(&parameters, along: descent, context: context)
        parameters.flat = parameters.flat.addingScaled(sigma, noise)
      case .gradient:
        descent.flat = descent.flat.addingScaled(sigma, noise)
        base.descend(&parameters, along: descent, context: context)
      }
    } else {
      base.descend(&parameters, along: descent, context: context)
    }
    return StepRecord(
      clean, descent: variant == .gradient && sigma > 0 ? descent : nil, perturbationNorm: length,
      context: context)
  }
}
