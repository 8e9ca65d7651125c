import EscapementCalculus
import EscapementKernels
import EscapementRandomness

/// The quantity to which perturbed gradient descent adds its noise.
public enum PGDVariant: String, Hashable, Sendable, CaseIterable {
  /// The weights, after the base rule's update: the momentum buffer contains no noise.
  case weights
  /// The gradient, before the update: the weights move by η·σ·ξ in the same step, and the momentum buffer keeps the
  /// noise for later steps.
  case gradient
}

/// Perturbed gradient descent: SGD with isotropic Gaussian noise in every step.
///
/// With ξ ~ N(0, I), g = ∇L(w) and the base rule's descent (momentum and weight decay included):
///
///     weights:    descend along g, then w = w + σ·ξ
///     gradient:   descend along g + σ·ξ   (Jin et al., 2019)
///
/// The supplement of "Escaping Saddle Points…" (NeurIPS 2022, section C) specifies N(0, σ²I) with σ = 10⁻⁴. It provides
/// no code and does not state to what or when the noise is added.
public struct PGD<Base: DescentRule>: WrappingRule {
  /// The element type of the parameters.
  public typealias Element = Base.Element

  /// The quantity to which the noise is added.
  public typealias Variant = PGDVariant

  /// σ ≥ 0, the standard deviation of a noise entry.
  public let sigma: Double
  /// The quantity to which the noise is added.
  public let variant: Variant
  /// The seed, which together with the step determines the noise.
  public let seed: UInt64
  /// The rule for the descent.
  public var base: Base

  /// Wraps a rule that has taken no step. The defaults are the supplement's σ, and noise on the weights, for which that
  /// σ is not multiplied by the learning rate. A negative or non-finite σ throws `HyperparameterError`.
  public init(base: Base, sigma: Double = 1e-4, variant: Variant = .weights, seed: UInt64) throws {
    try HyperparameterError.checkNotNegative(sigma, name: "sigma")
    self.base = base
    self.sigma = sigma
    self.variant = variant
    self.seed = seed
  }

  /// One query at w. ‖ε‖ in the record is ‖σ·ξ‖.
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
    // Adding zeros would still change an entry of -0 to +0, and then σ = 0 would not have the bits of SGD.
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
