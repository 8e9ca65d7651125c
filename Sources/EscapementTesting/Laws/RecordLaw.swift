import EscapementKernels
import EscapementTraining

/// The record of a step is correct: the evaluations made, the learning rate applied, and finite numbers.
struct RecordLaw: Law {
  let name = "record"
  let statement = "The record counts the queries made and has the learning rate applied; all of it is finite."

  func exemption(for claims: RuleClaims) -> String? { nil }

  func judge<Element: Real>(_ trial: RuleTrial<Element>, _ evidence: inout LawEvidence) throws {
    var walk = try trial.networkWalk()
    for step in 0..<2 {
      walk.learningRate = step == 0 ? 0.125 : 0.07
      let record = try walk.step()
      evidence.compare(
        "evaluations of step \(step) against \(walk.oracle.queries.count) queries",
        Double((record.evaluations - walk.oracle.queries.count).magnitude), within: 0)
      evidence.compare(
        "learning rate of step \(step)", (record.learningRate - walk.learningRate).magnitude, within: 0)
      let numbers = [
        record.loss, record.descentLoss, record.gradientNorm, record.perturbationNorm, record.cosine,
      ]
      evidence.require("the numbers of step \(step) are finite", numbers.allSatisfy(\.isFinite))
      // The bound is for a product of two rounded norms and a rounded dot product of as many terms as the network has
      // parameters.
      let terms = Double(walk.parameters.count) / 32 + 16
      evidence.compare(
        "|cosine| of step \(step) beyond 1", max(0, record.cosine.magnitude - 1),
        within: terms * Double.ulpOfOne)
    }
  }
}
