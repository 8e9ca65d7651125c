import EscapementCalculus
import EscapementKernels

/// The statistics that batch norm uses.
public enum Normalization: String, Hashable, Sendable {
  /// Those of the current batch, as in training.
  case batch
  /// The running statistics, constant under differentiation, as in evaluation.
  case running
}

/// Means and unbiased variances that batch-norm layers computed in one forward pass.
public struct BatchStatistics: Sendable {
  struct Observation: Sendable {
    let mean: Int
    let variance: Int
    let batchMean: Tensor<Double>
    let batchVariance: Tensor<Double>
  }
  var observations: [Observation] = []

  /// Empty statistics, which leave the running ones unchanged.
  public init() {}

  /// The running statistics after this batch: (1 − momentum)·running + momentum·batch, each in Double and
  /// rounded once. 0.1 is PyTorch's default momentum, which the released code keeps.
  public func folded<Element: Real>(
    into running: ParameterVector<Element>, momentum: Double = 0.1
  ) -> ParameterVector<Element> {
    // A new vector from the start, so that other owners keep the old statistics.
    var flat = Tensor<Element>(shape: running.flat.shape) { target in
      running.flat.withPointer { target.update(from: $0, count: running.count) }
    }
    for observation in observations {
      for (segment, batch) in [
        (observation.mean, observation.batchMean), (observation.variance, observation.batchVariance),
      ] {
        let old = running[segment].converted(to: Double.self)
        let new = (old.scaled(by: 1 - momentum) + batch.scaled(by: momentum)).converted(to: Element.self)
        let offset = running.layout.segments[segment].offset
        flat.withMutablePointer { target in
          new.withPointer { (target + offset).update(from: $0, count: new.count) }
        }
      }
    }
    return ParameterVector(layout: running.layout, flat: flat)
  }
}

/// One forward and backward pass: the parameters, the gradients, and the intermediate values.
public struct Pass<T: TensorAlgebra>: Sendable {
  /// The statistics that batch norm uses.
  public let normalization: Normalization
  private let parameters: ParameterVector<T.Element>
  private let direction: ParameterVector<T.Element>?
  private let statistics: ParameterVector<T.Element>?
  /// The accumulator to which backward passes add parameter gradients.
  public var gradients: GradientAccumulator<T.Element>
  /// The share of a batch that the pass's samples are (nil if they are all of it, or a part that is summed separately),
  /// and what the pass keeps for later passes at this point.
  public var context: EvaluationContext
  /// What batch-norm layers computed (only under `.batch`).
  public internal(set) var observed = BatchStatistics()
  private let goesBack: Bool
  private var saved: [Saved] = []

  private enum Saved: Sendable {
    case value(T)
    case shape(Shape)
    case maxima(WindowMaxima)
  }

  /// A pass at a point, with the tangent `direction` for duals. `statistics` may be nil under `.batch`.
  ///
  /// A pass without a backward pass does not keep what layers save: evaluation needs the memory of one or two layers,
  /// not of the whole network.
  public init(
    parameters: ParameterVector<T.Element>, direction: ParameterVector<T.Element>? = nil,
    statistics: ParameterVector<T.Element>?, normalization: Normalization,
    gradients: GradientAccumulator<T.Element>, goesBack: Bool = true,
    context: EvaluationContext = EvaluationContext()
  ) {
    precondition(statistics != nil || normalization == .batch, "running normalization needs statistics")
    precondition(
      context.share == nil || normalization == .batch, "only a batch with its own statistics is shared")
    self.parameters = parameters
    self.direction = direction
    self.statistics = statistics
    self.normalization = normalization
    self.gradients = gradients
    self.goesBack = goesBack
    self.context = context
  }

  /// Whether the parameters have a tangent, so that the accumulated values are tangents.
  public var moves: Bool { direction != nil }

  /// A parameter segment with its tangent, viewed under `shape` (its own by default).
  public func parameter(_ segment: Int, as shape: Shape? = nil) -> T {
    let view = parameters[segment]
    let tangent = direction.map { $0[segment] }
    guard let shape else { return T(primal: view, tangent: tangent) }
    return T(primal: view.reshaped(shape), tangent: tangent?.reshaped(shape))
  }

  /// The runs of the pass's `count` samples whose sums enter the gradient's tree one by one: a single run of all
  /// samples, or this rank's aligned runs.
  func runs(of count: Int) -> [Range<Int>] { context.share?.runs.map(\.own) ?? [0..<count] }

  /// Prepares the accumulator for the terms of the `index`-th run.
  mutating func enter(run index: Int) {
    guard let run = context.share?.runs[index] else { return }
    (gradients.start, gradients.level) = (run.start, run.level)
  }

  /// A running statistic.
  public func statistic(_ segment: Int) -> Tensor<T.Element> {
    guard let statistics else { preconditionFailure("this pass has no running statistics") }
    return statistics[segment]
  }

  /// Keeps a value for the backward pass.
  public mutating func save(_ value: T) { if goesBack { saved.append(.value(value)) } }
  /// Keeps a shape for the backward pass.
  public mutating func save(_ shape: Shape) { if goesBack { saved.append(.shape(shape)) } }
  /// Keeps the positions of the windows' largest elements for the backward pass.
  public mutating func save(_ maxima: WindowMaxima) { if goesBack { saved.append(.maxima(maxima)) } }

  /// Removes and returns the value saved last.
  public mutating func restoreValue() -> T {
    guard case .value(let value)? = saved.popLast() else {
      preconditionFailure("a layer's backward takes off what its forward did not save")
    }
    return value
  }

  /// The shape of the value saved last, which stays saved.
  var lastSavedShape: Shape {
    guard case .value(let value)? = saved.last else {
      preconditionFailure("a layer's backward looks at what its forward did not save")
    }
    return value.shape
  }

  /// Removes and returns the shape saved last.
  public mutating func restoreShape() -> Shape {
    guard case .shape(let shape)? = saved.popLast() else {
      preconditionFailure("a layer's backward takes off what its forward did not save")
    }
    return shape
  }

  /// Removes and returns the positions saved last.
  public mutating func restoreMaxima() -> WindowMaxima {
    guard case .maxima(let maxima)? = saved.popLast() else {
      preconditionFailure("a layer's backward takes off what its forward did not save")
    }
    return maxima
  }

  /// Whether everything saved has been removed again.
  public var isEmpty: Bool { saved.isEmpty }
}

extension Pass {
  /// The pass of the values alone, at the same stage as this one: what was saved, without tangents, and the gradients
  /// accumulated so far. A backward pass in it is the adjoint of this pass's forward tangent map.
  func atRest<V>() -> Pass<V> where T == Dual<V> {
    var rest = Pass<V>(
      parameters: parameters, statistics: statistics, normalization: normalization, gradients: gradients,
      goesBack: goesBack, context: EvaluationContext(share: context.share))
    rest.observed = observed
    rest.saved = saved.map { saved in
      switch saved {
      case .value(let value): .value(value.primal)
      case .shape(let shape): .shape(shape)
      case .maxima(let maxima): .maxima(maxima)
      }
    }
    return rest
  }
}
