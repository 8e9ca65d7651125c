import EscapementCalculus
import EscapementKernels
import EscapementTraining

/// Evaluations do not change the parameters.
///
/// With the learning rate 0 a step must end with the bits with which it began; a perturbation that is removed by
/// subtraction violates this. If any query throws an error, parameters and state are unchanged.
struct UntouchedParametersLaw: Law {
  let name = "untouched"
  let statement = "A step with η = 0, and one whose query throws, leaves every bit of the parameters."

  func exemption(for claims: RuleClaims) -> String? { nil }

  func judge<Element: Real>(_ trial: RuleTrial<Element>, _ evidence: inout LawEvidence) throws {
    // Noise on the weights moves them at any learning rate, as intended.
    for radius in trial.claims.noise == .weights ? [0] : [0.05, 0.5, 2] {
      var still = try trial.saddleWalk(RuleSettings(radius: radius))
      still.learningRate = 0
      for step in 0..<3 {
        try still.step()
        evidence.sameBits(
          "parameters after step \(step) with η = 0, ρ = \(radius)", still.parameters, LawCase.start())
      }
    }

    try trial.eachQuery { walk, query in
      var broken = walk
      broken.oracle.interference = { index, _ in if index == query { throw Interruption(query: query) } }
      let place = "query \(query) of step \(walk.steps) throws"
      do {
        try broken.step()
        evidence.require("\(place), and the step passes it on", false)
      } catch is Interruption {
        evidence.sameBits("\(place), parameters", broken.parameters, walk.parameters)
        evidence.sameState("\(place), state", broken.rule, walk.rule)
      }
    }
  }

  private struct Interruption: Error {
    let query: Int
  }
}
