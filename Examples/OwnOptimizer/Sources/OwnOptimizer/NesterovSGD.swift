import Escapement
/// Stochastic gradient descent with Nesterov's momentum.
///
/// Each line is one rounded operation an entry, in this order:
///
///     d = g + λ·w;   b = d on the first step, μ·b + d after it;   w = w − η·(d + μ·b)
///
/// This is the form of I. Sutskever, J. Martens, G. Dahl and G. Hinton, "On the importance of initialization and momentum
/// in deep learning" (ICML 2013), in the variables that `torch.optim.SGD(nesterov=True)` uses: the gradient is taken at the
/// point that the momentum has already moved.
public struct NesterovSGD<Element: Real>: UpdateRule {
  /// μ, in [0, 1).
  public let momentum: Double
  /// λ ≥ 0.
  public let weightDecay: Double
  private var buffer: ParameterVector<Element>?

  /// A rule at its first step; out of range throws `HyperparameterError`.
  public init(momentum: Double, weightDecay: Double) throws {
    guard momentum >= 0, momentum < 1 else {
      throw HyperparameterError(name: "momentum", value: "\(momentum)", expected: "a number in [0, 1)")
    }
    guard weightDecay >= 0 else {
      throw HyperparameterError(
        name: "weight decay", value: "\(weightDecay)", expected: "a number of at least 0")
    }
    self.momentum = momentum
    self.weightDecay = weightDecay
  }

  /// The momentum buffer; empty before the first step. A checkpoint keeps it, so that a resumed run has the same bits.
  public var state: [String: ParameterVector<Element>] {
    get { buffer.map { ["momentum": $0] } ?? [:] }
    set { buffer = newValue["momentum"] }
  }

  /// One query at the parameters, one update.
  public mutating func step<Oracle: GradientOracle<Element>>(
    _ parameters: inout ParameterVector<Element>, oracle: inout Oracle, context: StepContext
  ) throws -> StepRecord {
    let evaluation = try oracle.evaluate(at: parameters, on: .all, statistics: .observe)
    // Nothing has changed yet when this throws.
    guard evaluation.loss.isFinite else { throw Divergence(step: context.step, what: "loss") }
    guard evaluation.gradient.flat.isFinite else { throw Divergence(step: context.step, what: "gradient") }
    let decayed = evaluation.gradient.flat.addingScaled(weightDecay, parameters.flat)
    let next = buffer.map { decayed.addingScaled(momentum, $0.flat) } ?? decayed
    let direction = decayed.addingScaled(momentum, next)
    parameters.flat = parameters.flat.addingScaled(-context.learningRate, direction)
    buffer = ParameterVector(layout: parameters.layout, flat: next)
    return StepRecord(evaluation, context: context)
  }
}
