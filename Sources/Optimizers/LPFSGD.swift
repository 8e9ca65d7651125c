import EscapementCalculus
import EscapementKernels

/// LPF-SGD (Bisla et al., AISTATS 2022): SGD on the loss smoothed by a Gaussian filter, as computed by the code
/// `resnets_nodataaug` of github.com/devansh20la/LPF-SGD.
///
/// The M Monte-Carlo samples share one mini-batch. One step is:
/// 1. the oracle divides the batch into M consecutive shards;
/// 2. for each shard m: draw noise ε_m around w (`FilterNoise`) and compute g_m = ∇L_m(w + ε_m), with L_m the shard's
///    mean loss under its own batch statistics, which enter the running ones;
/// 3. the base rule descends from w along Σ g_m / M, with its momentum and weight decay.
///
/// A shard without samples adds nothing, but the divisor is still M. The released code removes ε_m by subtraction,
/// which may change w in the last place between shards; here w does not change. The released code divides the loss by
/// M; here the gradient is divided. The bits are the same for powers of two and otherwise differ by a rounding.
public struct LPFSGD<Base: DescentRule>: WrappingRule {
  /// The element type of the parameters.
  public typealias Element = Base.Element

  /// M.
  public let shards: Int
  /// γ and the seed.
  public let noise: FilterNoise
  /// The rule for the descent.
  public var base: Base

  /// Wraps a rule that has taken no step. The defaults γ = 0.001, constant, and M = 8 are from the supplement's section
  /// C of "Escaping Saddle Points…" (NeurIPS 2022). Throws `HyperparameterError` for M outside 1...65536 or a negative
  /// or non-finite γ.
  public init(base: Base, radius: Double = 0.001, shards: Int = 8, seed: UInt64) throws {
    guard (1...65536).contains(shards) else {
      throw HyperparameterError(name: "shards", value: "\(shards)", expected: "1 to 65536")
    }
    self.base = base
    self.shards = shards
    noise = try FilterNoise(radius: radius, seed: seed)
  }

  /// M queries, one per shard, then the base rule's descent. The noise of shard m is keyed by (seed, step, m).
  ///
  /// There is no unperturbed query. In the record, both losses are Σ L_m / M, ρ is γ, ‖g‖ is that of the sum, and ‖ε‖
  /// is the root mean square over the shards.
  public mutating func step<Oracle: GradientOracle<Element>>(
    _ parameters: inout ParameterVector<Element>, oracle: inout Oracle, context: StepContext
  ) throws -> StepRecord {
    let share = 1 / Double(shards)
    var gradient: ParameterVector<Element>?
    var loss = 0.0
    var squares = 0.0
    var samples = 0
    var correct: Int? = 0
    for shard in 0..<shards {
      var perturbed = parameters
      // Adding zeros would still change a parameter of -0 to +0, and then γ = 0 would not have the bits of SGD.
      if noise.radius > 0 {
        let index = UInt64(context.step) << 16 | UInt64(shard)
        let perturbation = noise.draw(around: parameters, index: index)
        squares += perturbation.flat.dot(perturbation.flat)
        perturbed = parameters + perturbation
      }
      let answer = try oracle.evaluate(
        at: perturbed, on: .shard(index: shard, count: shards), statistics: .observe)
      try Divergence.check(answer, step: context.step, prefix: "perturbed ")
      let part = answer.gradient.flat
      gradient = ParameterVector(
        layout: parameters.layout,
        flat: gradient?.flat.addingScaled(share, part) ?? part.scaled(by: share))
      loss += answer.loss
      samples += answer.samples
      correct = correct.flatMap { sum in answer.correct.map { sum + $0 } }
    }
    guard let gradient else { preconditionFailure("a rule without shards") }
    base.descend(&parameters, along: gradient, context: context)
    return StepRecord(
      loss: loss * share, descentLoss: loss * share, learningRate: context.learningRate, rho: noise.radius,
      gradientNorm: gradient.flat.norm(), perturbationNorm: (squares * share).squareRoot(), cosine: 1,
      evaluations: shards, samples: samples, correct: correct)
  }
}
