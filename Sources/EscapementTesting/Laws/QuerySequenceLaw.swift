import EscapementKernels
import EscapementTraining

/// A step makes the claimed queries in the claimed order: parts, statistics, and whether at w or elsewhere.
struct QuerySequenceLaw: Law {
  let name = "queries"
  let statement = "A step makes exactly the claimed queries: part, statistics, and whether at w."

  func exemption(for claims: RuleClaims) -> String? {
    claims.steps.isEmpty ? "no queries are stated" : nil
  }

  func judge<Element: Real>(_ trial: RuleTrial<Element>, _ evidence: inout LawEvidence) throws {
    let steps = max(4, 2 * trial.claims.steps.count)
    let settings = RuleSettings(epochs: steps)
    var walk = try trial.saddleWalk(settings)
    for step in 0..<steps {
      walk.epoch = step
      let before = walk.parameters
      let form = trial.claims.form(step: step, epoch: step, settings: settings)!
      try walk.step()
      let asked = walk.oracle.queries
      evidence.compare(
        "number of queries of step \(step), against \(form.queries.count)",
        Double((asked.count - form.queries.count).magnitude), within: 0)
      for (index, (query, claim)) in zip(asked, form.queries).enumerated() {
        let place = "query \(index) of step \(step)"
        evidence.require("\(place) asks for \(claim.part)", query.part == claim.part)
        evidence.require("\(place) is to \(claim.statistics)", query.statistics == claim.statistics)
        if claim.isDisplaced {
          evidence.require("\(place) is made elsewhere than at w", query.point != before)
        } else {
          evidence.sameBits("\(place) is made at w", query.point, before)
        }
      }
    }
  }
}
