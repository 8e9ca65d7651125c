import EscapementOptimizers
import EscapementKernels
import EscapementTraining

/// At radius 0 a rule is SGD along the stated sum of gradients at w, to the bit.
///
/// So SAM, PGD and LPF-SGD with one shard are SGD, and ImbSAM and SSE-SAM descend along the two-part gradient. The
/// parameters include zeros of either sign: adding a zero perturbation would turn -0 into +0.
struct ZeroRadiusLaw: Law {
  let name = "zero-radius"
  let statement = "At radius 0 the rule is SGD along its claimed sum of gradients at w, to the bit."

  func exemption(for claims: RuleClaims) -> String? {
    claims.statesDescent ? nil : "no descent is stated as a sum of gradients"
  }

  func judge<Element: Real>(_ trial: RuleTrial<Element>, _ evidence: inout LawEvidence) throws {
    let settings = RuleSettings(radius: 0)
    let reference = try ClaimedRule<Element>(trial.claims, settings: settings)
    try compare(
      RuleWalk(trial.rule(settings), on: LawCase.saddle(), from: LawCase.startWithZeros()),
      RuleWalk(reference, on: LawCase.saddle(), from: LawCase.startWithZeros()), on: "saddle", steps: 5,
      &evidence)
    try compare(
      trial.networkWalk(settings),
      RuleWalk(reference, on: LawCase.networkOracle(), from: LawCase.networkStart()), on: "network", steps: 2,
      &evidence)
  }

  private func compare<Oracle: GradientOracle>(
    _ walk: RuleWalk<Oracle>, _ reference: RuleWalk<Oracle>, on loss: String, steps: Int,
    _ evidence: inout LawEvidence
  ) throws {
    var (walk, reference) = (walk, reference)
    for step in 0..<steps {
      try walk.step()
      try reference.step()
      evidence.sameBits("parameters after step \(step) on the \(loss)", walk.parameters, reference.parameters)
      evidence.sameBits(
        "momentum after step \(step) on the \(loss)", try walk.momentum(), try reference.momentum())
    }
  }
}
