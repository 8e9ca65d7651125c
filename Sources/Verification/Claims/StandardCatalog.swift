extension ClaimCatalog {
  /// The claims that this package judges: theory, data and protocol, the printed tables, contrasts at fixture scale,
  /// and claims that need runs. A file with several claims lists them itself.
  package static let standard = ClaimCatalog(
    theory + protocols + printed + FixtureContrast.all.map(\.claim) + RunFamily.all.flatMap(\.claims))

  private static let theory: [Claim] = joined([
    [.secondMoment, .truncation], Claim.amplifications, Claim.normalizedSteps, Claim.escapes, Claim.noises,
    Claim.ascents,
    [.correlatedNoise, .miniBatchHessian, .classwiseStep, .lanczosExtremes, .classWeightsCancel],
  ])

  private static let protocols = joined([Claim.classCounts, Claim.groupArithmetic, Claim.protocolStatements])

  private static let printed = joined([Claim.posterGains, Claim.supplementGains, [.unspecifiedGain]])

  private static func joined(_ lists: [[Claim]]) -> [Claim] { lists.flatMap(\.self) }
}
