import EscapementKernels
import EscapementTraining

/// A rule that restores another's state continues with the same bits.
///
/// Of a rule, a checkpoint keeps only the parameters, the vectors of `state` and the number of steps. A rule that
/// depends on anything else is detected at the step where it does.
struct ResumeLaw: Law {
  let name = "resume"
  let statement = "A fresh rule given the saved state, at any step, continues to the same bits."

  func exemption(for claims: RuleClaims) -> String? { nil }

  func judge<Element: Real>(_ trial: RuleTrial<Element>, _ evidence: inout LawEvidence) throws {
    let steps = max(6, trial.claims.steps.count + 3)
    var whole = try trial.saddleWalk()
    evidence.require("a rule that has taken no step has no state", whole.rule.state.isEmpty)
    var places = [whole]
    for _ in 0..<steps {
      try whole.step()
      places.append(whole)
    }
    for saved in places {
      var rule = try trial.rule()
      rule.state = saved.rule.state
      var resumed = RuleWalk(
        rule, on: LawCase.saddle(), from: saved.parameters, steps: saved.steps)
      while resumed.steps < steps {
        try resumed.step()
        let place = "resumed after \(saved.steps) steps, after step \(resumed.steps - 1)"
        evidence.sameBits("\(place), parameters", resumed.parameters, places[resumed.steps].parameters)
        evidence.sameState("\(place), state", resumed.rule, places[resumed.steps].rule)
      }
    }
  }
}
