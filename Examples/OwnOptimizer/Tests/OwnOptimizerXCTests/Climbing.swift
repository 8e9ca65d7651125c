import Escapement
/// A rule with the wrong sign, which the laws must notice.
struct Climbing<Element: Real>: UpdateRule {
  var state: [String: ParameterVector<Element>] = [:]

  mutating func step<Oracle: GradientOracle<Element>>(
    _ parameters: inout ParameterVector<Element>, oracle: inout Oracle, context: StepContext
  ) throws -> StepRecord {
    let evaluation = try oracle.evaluate(at: parameters, on: .all, statistics: .observe)
    parameters.flat = parameters.flat.addingScaled(context.learningRate, evaluation.gradient.flat)
    return StepRecord(evaluation, context: context)
  }
}
