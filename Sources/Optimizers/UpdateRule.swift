import EscapementCalculus
import EscapementKernels

/// The position of the current step in the run, and its learning rate.
public struct StepContext: Hashable, Sendable {
  /// The number of steps taken before this one.
  public var step: Int
  /// The 0-based epoch.
  public var epoch: Int
  /// The learning rate of the step.
  public var learningRate: Double

  /// A context for one step.
  public init(step: Int, epoch: Int, learningRate: Double) {
    self.step = step
    self.epoch = epoch
    self.learningRate = learningRate
  }
}

/// What a rule did in one step. An optimizer that never perturbs is visible here at once.
public struct StepRecord: Hashable, Sendable {
  /// The loss of the first (unperturbed) evaluation.
  public var loss: Double
  /// The loss of which the descent gradient was taken (the perturbed one for SAM).
  public var descentLoss: Double
  /// The learning rate of the step.
  public var learningRate: Double
  /// The radius that the schedule specifies; 0 for rules without one.
  public var rho: Double
  /// ‖g‖ of the first evaluation.
  public var gradientNorm: Double
  /// ‖ε‖ of the perturbation; 0 for rules without one.
  public var perturbationNorm: Double
  /// The cosine between the first gradient and the descent direction; 1 for rules with one gradient.
  public var cosine: Double
  /// The number of oracle queries.
  public var evaluations: Int
  /// The number of samples, and of correctly classified ones, at the first evaluation.
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
  /// A record of a step that first evaluated `first` and descended along `descent`; if that is nil, along the gradient
  /// of `first`.
  ///
  /// `descentLoss` is the loss of which `descent` is the gradient; nil means the loss of `first`.
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

/// An optimizer: how a step moves the parameters, given an oracle for gradients.
public protocol UpdateRule<Element>: Sendable {
  /// The element type of the parameters.
  associatedtype Element: Real
  /// Takes one step in place. A non-finite loss or gradient throws before `parameters` change.
  mutating func step<Oracle: GradientOracle<Element>>(
    _ parameters: inout ParameterVector<Element>, oracle: inout Oracle, context: StepContext
  ) throws -> StepRecord
  /// The vectors that a checkpoint stores, by name (for example momentum buffers); empty before the first step.
  var state: [String: ParameterVector<Element>] { get set }
}

/// A rule around a descent rule, whose direction it chooses. Unless it has vectors of its own, its state is that of the
/// base rule.
public protocol WrappingRule<Element>: UpdateRule {
  /// The type of the rule that descends.
  associatedtype Base: DescentRule<Element>
  /// The rule for the descent, with its momentum and weight decay.
  var base: Base { get set }
}

extension WrappingRule {
  /// The base rule's state.
  public var state: [String: ParameterVector<Element>] {
    get { base.state }
    set { base.state = newValue }
  }
}
