import EscapementCurvature
import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementNetworks
import EscapementTraining

/// Answers a rule's queries about a known loss with additive noise, and records them.
///
/// The mini-batch z is the noise vector: f_z(x) = f(x) + ⟨ξ, x⟩, so that every mini-batch has the Hessian of f. It
/// stays the same until the caller changes it, so both passes of a rule use one mini-batch.
struct LossOracle<Loss: SmoothLoss>: GradientOracle {
  typealias Element = Loss.Element

  /// One query and its answer.
  struct Query {
    var point: Tensor<Element>
    var part: BatchPart
    var statistics: StatisticsUpdate
    var gradient: Tensor<Element>
  }

  let loss: Loss
  /// ξ; nil for the full batch.
  var noise: Tensor<Element>?
  /// A factor on the whole loss.
  var scale = 1.0
  /// Whether the first query of a step uses the loss without noise (ascent on the full batch).
  var ascendsOnFullBatch = false
  /// The queries since the last `forget`.
  private(set) var queries: [Query] = []

  init(_ loss: Loss, noise: Tensor<Element>? = nil) {
    self.loss = loss
    self.noise = noise
  }

  mutating func forget() { queries.removeAll(keepingCapacity: true) }

  mutating func evaluate(
    at point: ParameterVector<Element>, on part: BatchPart, statistics: StatisticsUpdate
  ) throws -> Evaluation<Element> {
    var value = loss.value(point.flat)
    var gradient = loss.gradient(point.flat)
    if let noise, !(ascendsOnFullBatch && queries.isEmpty) {
      value += noise.dot(point.flat)
      gradient = gradient + noise
    }
    if scale != 1 {
      value *= scale
      gradient = gradient.scaled(by: scale)
    }
    queries.append(Query(point: point.flat, part: part, statistics: statistics, gradient: gradient))
    return Evaluation(
      loss: value, gradient: ParameterVector(layout: point.layout, flat: gradient), samples: 1)
  }
}

/// Steps of a rule on a known loss, observed only through the parameters.
struct RuleRun<Loss: SmoothLoss> {
  var rule: any UpdateRule<Loss.Element>
  var oracle: LossOracle<Loss>
  var parameters: ParameterVector<Loss.Element>
  let learningRate: Double
  private(set) var steps = 0

  init(
    _ rule: any UpdateRule<Loss.Element>, on oracle: LossOracle<Loss>, from start: Tensor<Loss.Element>,
    learningRate: Double
  ) {
    var layout = ParameterLayout()
    layout.append(name: "w", shape: [start.count], role: .vector)
    self.rule = rule
    self.oracle = oracle
    self.learningRate = learningRate
    parameters = ParameterVector(layout: layout, flat: start)
  }

  var point: Tensor<Loss.Element> { parameters.flat }

  @discardableResult
  mutating func step() throws -> StepRecord {
    oracle.forget()
    let context = StepContext(step: steps, epoch: 0, learningRate: learningRate)
    steps += 1
    return try rule.step(&parameters, oracle: &oracle, context: context)
  }
}

/// The gradient along which a rule descends from `point`: (w − w′)/η with η = 1.
///
/// The gradient is computed from the parameters and not from the oracle's answers, so a rule that makes the right
/// queries and then steps from the wrong point is detected.
func descentGradient<Loss: SmoothLoss>(
  of rule: any UpdateRule<Loss.Element>, on oracle: LossOracle<Loss>, at point: Tensor<Loss.Element>
) throws -> Tensor<Loss.Element> {
  var run = RuleRun(rule, on: oracle, from: point, learningRate: 1)
  try run.step()
  return point - run.point
}
