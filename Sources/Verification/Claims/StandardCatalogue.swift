extension ClaimCatalogue {
  /// The claims that this package judges.
  public static let standard = ClaimCatalogue([
    .secondMoment, .truncation, .amplification, .amplificationCondition, .normalisedStep, .signReversal,
    .escapeRate, .nearSaddle, .monotonicity, .noiseAssumption, .positiveCurvature, .ascentMaximises,
    .correlatedNoise, .miniBatchHessian, .classwiseStep,
    .lanczosExtremes, .classWeightsCancel,
    .ascentLength, .ascentScaleInvariance, .longTailedCounts, .splitThresholds, .stepCounts,
  ])
}
