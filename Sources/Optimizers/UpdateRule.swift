import EscapementCalculus
import EscapementKernels

/// What the schedule says about the current step.
public struct StepContext: Hashable, Sendable {
  /// Steps taken before this one.
  public var step: Int
  /// The 0-based epoch.
  public var epoch: Int
  /// The learning rate to apply.
  public var learningRate: Double

  /// A context for one step.
  public init(step: Int, epoch: Int, learningRate: Double) {
    self.step = step
    self.epoch = epoch
    self.learningRate = learningRate
  }
}

/// What a rule did in one step; an optimizer that never fires is visible here at once.
public struct StepRecord: Hashable, Sendable {
  /// The loss of the first (unperturbed) evaluation.
  public var loss: Double
  /// The loss the descent gradient was taken of (the perturbed one for SAM).
  public var descentLoss: Double
  /// Learning rate applied.
  public var learningRate: Double
  /// Radius asked for; 0 for rules without one.
  public var rho: Double
  /// ‖g‖ of the first evaluation.
  public var gradientNorm: Double
  /// ‖ε‖ of the perturbation; 0 for rules without one.
  public var perturbationNorm: Double
  /// Cosine between the first gradient and the one descended along; 1 for rules with one gradient.
  public var cosine: Double
  /// Oracle queries made.
  public var evaluations: Int
  /// Samples and correctly classified samples at the first evaluation.
  public var samples: Int
  public var correct: Int?

  /// A record of one step.
  public init(
    loss: Double, descentLoss: Double, learningRate: Double, rho: Double, gradientNorm: Double,
    perturbationNorm: Double, cosine: Double, evaluations: Int, samples: Int, correct: Int?
  ) {
    self.loss = loss
    self.descentLoss = descentLoss
    self.learningRate = learningRate
    self.rho = rho
    self.gradientNorm = gradientNorm
    self.perturbationNorm = perturbationNorm
    self.cosine = cosine
    self.evaluations = evaluations
    self.samples = samples
    self.correct = correct
  }
}

extension StepRecord {
  /// A record of a step that first evaluated `first` and descended along `descent`; nil: along its gradient.
  ///
  /// `descentLoss` is the loss whose gradient `descent` is; nil: the first one's.
  public init<Element: Real>(
    _ first: Evaluation<Element>, descent: ParameterVector<Element>? = nil, descentLoss: Double? = nil,
    rho: Double = 0, perturbationNorm: Double = 0, evaluations: Int = 1, context: StepContext
  ) {
    self.init(
      loss: first.loss, descentLoss: descentLoss ?? first.loss, learningRate: context.learningRate, rho: rho,
      gradientNorm: first.gradient.flat.norm(), perturbationNorm: perturbationNorm,
      cosine: descent.map { first.gradient.cosine(to: $0) } ?? 1, evaluations: evaluations,
      samples: first.samples, correct: first.correct)
  }
}

/// One optimizer: how a step moves the parameters, given an oracle for gradients.
public protocol UpdateRule<Element>: Sendable {
  /// The element type of the parameters.
  associatedtype Element: Real
  /// Takes one step in place. A non-finite loss or gradient throws before `parameters` change.
  mutating func step<Oracle: GradientOracle<Element>>(
    _ parameters: inout ParameterVector<Element>, oracle: inout Oracle, context: StepContext
  ) throws -> StepRecord
  /// Vectors that a checkpoint keeps, by name (momentum buffers); empty before the first step.
  var state: [String: ParameterVector<Element>] { get set }
}

/// A rule around a descent rule, whose direction it chooses. Without vectors of its own its state is that of the base.
public protocol WrappingRule<Element>: UpdateRule {
  /// The type of the rule that descends.
  associatedtype Base: DescentRule<Element>
  /// The rule that descends, with its momentum and weight decay.
  var base: Base { get set }
}

extension WrappingRule {
  /// The base rule's state.
  public var state: [String: ParameterVector<Element>] {
    get { base.state }
    set { base.state = newValue }
  }
}
