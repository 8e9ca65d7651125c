import EscapementKernels
import EscapementTraining

/// A radius above 0 changes the path, and the record contains a perturbation.
struct FiringLaw: Law {
  let name = "fires"
  let statement = "A radius above 0 changes the parameters, and the record reports ‖ε‖ > 0."

  func exemption(for claims: RuleClaims) -> String? { claims.perturbs ? nil : "it claims no radius" }

  func judge<Element: Real>(_ trial: RuleTrial<Element>, _ evidence: inout LawEvidence) throws {
    var still = try trial.saddleWalk(RuleSettings(radius: 0))
    var moved = try trial.saddleWalk(RuleSettings(radius: 0.5))
    let calm = try still.step()
    let record = try moved.step()
    evidence.require("‖ε‖ of the record is above 0 at radius 0.5", record.perturbationNorm > 0)
    evidence.require("‖ε‖ of the record is 0 at radius 0", calm.perturbationNorm == 0)
    evidence.require("the first step differs from that at radius 0", moved.parameters != still.parameters)
  }
}
