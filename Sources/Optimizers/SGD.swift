import CEscapementKernels
import EscapementCalculus
import EscapementKernels

/// A rule whose last operation is a descent along a given gradient, so that other rules can choose the gradient.
public protocol DescentRule<Element>: UpdateRule {
  /// Moves `parameters` in place along `gradient`, which must be finite.
  mutating func descend(
    _ parameters: inout ParameterVector<Element>, along gradient: ParameterVector<Element>,
    context: StepContext)
}

/// Stochastic gradient descent with momentum and weight decay.
///
/// Each line is one rounded operation per entry, in this order:
///
///     d = g + λ·w;   b = d on the first step, μ·b + d after it;   w = w − η·b
///
/// There is no dampening and no Nesterov step. Decay applies to every parameter, including those of batch norm (the
/// `torch.optim.SGD` with which github.com/val-iisc/Saddle-LongTail trains).
public struct SGD<Element: Real>: DescentRule {
  /// μ, in [0, 1).
  public let momentum: Double
  /// λ ≥ 0.
  public let weightDecay: Double
  private var buffer: ParameterVector<Element>?

  /// The key of the momentum buffer in `state`.
  public static var momentumKey: String { "momentum" }

  /// A rule before its first step. The defaults are momentum 0.9 from the supplement's section C of "Escaping Saddle
  /// Points…" (NeurIPS 2022) and decay 2·10⁻⁴ from its released code. Values out of range throw `HyperparameterError`.
  public init(momentum: Double = 0.9, weightDecay: Double = 2e-4) throws {
    guard momentum >= 0, momentum < 1 else {
      throw HyperparameterError(name: "momentum", value: "\(momentum)", expected: "a number in [0, 1)")
    }
    try HyperparameterError.checkNotNegative(weightDecay, name: "weight decay")
    self.momentum = momentum
    self.weightDecay = weightDecay
  }

  /// The momentum buffer under `momentumKey`; empty before the first step.
  public var state: [String: ParameterVector<Element>] {
    get { buffer.map { [Self.momentumKey: $0] } ?? [:] }
    set { buffer = newValue[Self.momentumKey] }
  }

  /// One query at the parameters, one update.
  public mutating func step<Oracle: GradientOracle<Element>>(
    _ parameters: inout ParameterVector<Element>, oracle: inout Oracle, context: StepContext
  ) throws -> StepRecord {
    let evaluation = try oracle.evaluate(at: parameters, on: .all, statistics: .observe)
    try Divergence.check(evaluation, step: context.step)
    descend(&parameters, along: evaluation.gradient, context: context)
    return StepRecord(evaluation, context: context)
  }

  /// The three lines above, in one pass over memory.
  public mutating func descend(
    _ parameters: inout ParameterVector<Element>, along gradient: ParameterVector<Element>,
    context: StepContext
  ) {
    precondition(
      gradient.count == parameters.count, "a gradient of \(gradient.count) for \(parameters.count) parameters"
    )
    let first = buffer == nil
    var next = buffer ?? ParameterVector(zeros: parameters.layout)
    // Releases the only other reference to the buffer, so that the update writes in place.
    buffer = nil
    let count = parameters.count
    gradient.flat.withPointer { g in
      next.flat.withMutablePointer { b in
        parameters.flat.withMutablePointer { w in
          ek_sgd_step(
            Element.kernelType, count, context.learningRate, momentum, weightDecay, first, g, b, w)
        }
      }
    }
    buffer = next
  }
}
