import Escapement
/// Twenty steps of a rule on ½ Σ λᵢwᵢ², of which a golden keeps the losses.
///
/// Three positive eigenvalues and a negative one: a saddle, which a rule must leave along its last axis.
public func quadraticLosses(of rule: some UpdateRule<Double>, steps: Int = 20) throws -> [Double] {
  var rule = rule
  var oracle = Saddle()
  var layout = ParameterLayout()
  layout.append(name: "weight", shape: [4], role: .vector)
  var parameters = ParameterVector(layout: layout, flat: Tensor([1, -0.75, 0.5, 0.001]))
  return try (0..<steps).map { step in
    try rule.step(
      &parameters, oracle: &oracle, context: StepContext(step: step, epoch: 0, learningRate: 0.1)
    ).loss
  }
}

/// The quadratic as a rule sees it.
private struct Saddle: GradientOracle {
  let eigenvalues = Tensor<Double>([4, 1, 0.25, -0.5])

  mutating func evaluate(
    at point: ParameterVector<Double>, on part: BatchPart, statistics: StatisticsUpdate
  ) throws -> Evaluation<Double> {
    let gradient = eigenvalues * point.flat
    return Evaluation(
      loss: 0.5 * gradient.dot(point.flat),
      gradient: ParameterVector(layout: point.layout, flat: gradient), samples: 1)
  }
}
