extension ClaimCatalogue {
  /// The claims that this package judges: theory, data and protocol, the printed tables, contrasts at fixture scale, and
  /// those that wait for runs.
  public static let standard = ClaimCatalogue(
    theory + protocols + printed + FixtureContrast.all.map(\.claim) + RunFamily.all.flatMap(\.claims))

  private static let theory: [Claim] = [
    .secondMoment, .truncation, .amplification, .amplificationCondition, .normalisedStep, .signReversal,
    .escape, .escapeRate, .nearSaddle, .monotonicity, .noiseAssumption, .positiveCurvature, .ascentMaximises,
    .correlatedNoise, .miniBatchHessian, .classwiseStep,
    .lanczosExtremes, .classWeightsCancel,
  ]

  private static let protocols: [Claim] =
    [.ascentLength, .ascentScaleInvariance, .literalWeights] + Claim.otherOptimizers + [
      .stages, .longTailedCounts, .splitThresholds, .cifar100Split, .stepCounts, .largeSplits, .decayFactors,
      .lossConstants, .cifarProtocol, .largeProtocol,
    ]

  private static let printed: [Claim] =
    [.posterAccuracyGains, .posterTailGains, .posterBest] + Claim.posterRepeats + [
      .posterOrder, .radiusIsTuned,
    ]
    + [.gainsAtEveryRatio] + Claim.meanGains + Claim.statedGains + [
      .gainGrows, .gainFromTail, .twoStageMethods, .comparisonGains, .unspecifiedGain,
    ]
}
