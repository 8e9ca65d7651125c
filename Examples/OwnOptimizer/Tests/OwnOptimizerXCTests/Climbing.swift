import Escapement
/// A rule with the wrong sign, which the laws must notice.
struct Climbing<Element: Real>: UpdateRule {
  var state: [String: ParameterVector<Element>] = [:]

  mutating func step<Oracle: GradientOracle<Element>>(
    _ parameters: inout ParameterVector<Element>, oracle: inout Oracle, context: StepContext
  ) throws -> StepRecord {
    let evaluation = try oracle.evaluate(at: parameters, on: .all, statistics: .observe)
    parameters.flat = parameters.flat.addingScaled(context.learningRate, evaluation.gradient.flat)
    return StepRecord(
      loss: evaluation.loss, descentLoss: evaluation.loss, learningRate: context.learningRate, rho: 0,
      gradientNorm: evaluation.gradient.flat.norm(), perturbationNorm: 0, cosine: 1, evaluations: 1,
      samples: evaluation.samples, correct: evaluation.correct)
  }
}
