import EscapementKernels
import EscapementTraining

/// A rule of two stages is its first form while e < γT and its second form afterwards, to the bit.
///
/// With γ near 1 only the first form is used, with γ near 0 the second from epoch 1 on. For SSE-SAM the second form is
/// ImbSAM with both losses divided by the batch's size.
struct StageLimitLaw: Law {
  let name = "stage-limits"
  let statement = "In epochs e < γT a step is the first claimed form, from then on the second, to the bit."

  func exemption(for claims: RuleClaims) -> String? {
    guard claims.turn == .stage else { return "it has no stages" }
    return claims.areStatedInFull ? nil : "its forms are not stated in full"
  }

  func judge<Element: Real>(_ trial: RuleTrial<Element>, _ evidence: inout LawEvidence) throws {
    for fraction in [1e-9, 0.5, 0.999] {
      let settings = RuleSettings(epochs: 6, stageFraction: fraction)
      var walk = try trial.saddleWalk(settings)
      var reference = RuleWalk(
        try ClaimedRule<Element>(trial.claims, settings: settings), on: LawCase.saddle(),
        from: LawCase.start())
      for epoch in 0..<6 {
        walk.epoch = epoch
        reference.epoch = epoch
        try walk.step()
        try reference.step()
        evidence.sameBits(
          "parameters after epoch \(epoch) with γ = \(fraction)", walk.parameters, reference.parameters)
      }
    }
  }
}
