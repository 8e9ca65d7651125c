/// A claim judged without a null and under a null, under which it must lose its verdict.
package struct NullTrial: Sendable {
  /// The claim.
  package let claim: Claim
  /// Its verdict.
  package let verdict: Verdict
  /// Its verdict without the effect.
  package let underNull: Verdict
  /// Whether it keeps a decided verdict under the null. Its procedure then does not test the effect.
  package var isKept: Bool { hasVerdict && verdict.outcome == underNull.outcome }
  /// Whether there is a verdict to lose: a contrast that is not seen without the null cannot vanish under it.
  package var hasVerdict: Bool { verdict.outcome.isConclusive && verdict.outcome != .notConsistent }

  /// Judges the claims that must lose their verdict under a null, without it and under it.
  ///
  /// A procedure that throws an error under a null has lost its verdict: it cannot run without the effect.
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
