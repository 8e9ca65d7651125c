/// A claim judged as it is and under a null under which it must lose its verdict.
package struct NullTrial: Sendable {
  /// The claim.
  package let claim: Claim
  /// Its verdict.
  package let verdict: Verdict
  /// Its verdict in a world without the effect.
  package let underNull: Verdict
  /// Whether it keeps its verdict, decided and the same: then its procedure has not looked at the effect.
  package var isKept: Bool { hasVerdict && verdict.outcome == underNull.outcome }
  /// Whether there is a verdict to lose: a contrast that is not seen as things are cannot vanish with the effect.
  package var hasVerdict: Bool { verdict.outcome.isConclusive && verdict.outcome != .notConsistent }

  /// Judges those claims that must lose their verdict under a null, as they are and under it.
  ///
  /// A procedure that throws under a null has lost its verdict: it could not go on without the effect.
  package static func trials(
    _ claims: [Claim], under null: NullHypothesis, context: ClaimContext = ClaimContext(),
    progress: (Claim) -> Void = { _ in }
  ) -> [NullTrial] {
    let changed = null.context(context)
    func judge(_ claim: Claim, _ context: ClaimContext) -> Verdict {
      do { return try claim.judge(context) } catch {
        return Verdict(outcome: .inconclusive, measurements: [], summary: "the procedure stopped: \(error)")
      }
    }
    return claims.filter { $0.loses(under: null) }.map { claim in
      progress(claim)
      return NullTrial(
        claim: claim, verdict: judge(claim, context), underNull: judge(claim, changed))
    }
  }
}
