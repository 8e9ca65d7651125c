import EscapementStatistics
import EscapementArtifacts
import EscapementCurvature

// Measurements as JSON. They include α and β, from which a density can be redrawn.
extension SpectrumSubject {
  static func json(_ spectrum: CertifiedSpectrum, _ run: LoadedRun) -> [String: JSON] {
    let r = spectrum.report
    var members: [String: JSON] = [
      "method": .string(run.recipe.method), "checkpoint_step": .integer(run.step),
      "epoch": .integer(run.state.epoch), "dtype": .string(r.elementType), "dimension": .integer(r.dimension),
      "steps": .integer(r.steps), "exhausted": .bool(r.exhausted), "alpha": numbers(r.alpha),
      "beta": numbers(r.beta), "ritz_values": numbers(r.ritzValues), "weights": numbers(r.weights),
      "weight_sum": .number(r.weightSum), "smallest": json(r.smallest), "largest": json(r.largest),
      "smallest_lower_limit": .optional(r.smallestLowerLimit),
      "largest_upper_limit": .optional(r.largestUpperLimit),
      "relative_gap": .number(r.probabilityBound.relativeGap),
      "failure_probability": .number(2 * r.probabilityBound.failureProbability),
      "asymmetry": .number(r.asymmetry), "drift": .number(r.drift),
      "orthogonality_loss": .number(r.orthogonalityLoss), "products": .integer(spectrum.products),
      "valid": .bool(spectrum.certification.isValid),
      "checks": .array(spectrum.certification.checks.map(json)),
      "product_error_is_bound": .bool(spectrum.certification.productErrorIsBound),
      "trace": [
        "quadrature": json(spectrum.certification.quadratureTrace),
        "hutchinson": json(spectrum.certification.hutchinsonTrace),
      ], "trace_samples": numbers(spectrum.traceSamples.samples),
    ]
    if spectrum.smallestPairs.count > 1 {
      members["pairs_asked"] = .integer(spectrum.pairsAsked)
      members["pairs"] = [
        "smallest": .array(spectrum.smallestPairs.map(json)),
        "largest": .array(spectrum.largestPairs.map(json)),
      ]
    }
    return members
  }

  static func numbers(_ values: [Double]) -> JSON { .array(values.map { .number($0) }) }

  private static func json(_ check: SelfCertification.Check) -> JSON {
    [
      "property": .string(check.property.description), "measured": .number(check.measured),
      "bound": .number(check.bound), "passes": .bool(check.passes),
    ]
  }

  static func json(_ estimate: MeanEstimate) -> JSON {
    let interval = estimate.interval()
    return [
      "mean": .number(estimate.mean), "count": .integer(estimate.count),
      "standard_error": .optional(estimate.standardError),
      "low_95": interval.map { .number($0.lowerBound) } ?? .null,
      "high_95": interval.map { .number($0.upperBound) } ?? .null,
    ]
  }

  private static func json(_ c: RitzCertificate) -> JSON {
    [
      "ritz": .number(c.ritzValue), "rayleigh": .number(c.rayleighQuotient), "residual": .number(c.residual),
      "rounding": .number(c.rounding), "rounding_is_bound": .bool(c.roundingIsBound),
    ]
  }

  static func json(_ test: SaddleTest) -> JSON {
    [
      "loss": .number(test.loss), "gradient_norm": .number(test.gradientNorm),
      "curvature": .number(test.curvature), "slope": .number(test.slope),
      "squared_norm": .number(test.squaredNorm),
      "scale_invariant_curvature": .number(test.scaleInvariantCurvature),
      "largest_lipschitz_constant": .number(test.largestLipschitzConstant),
      "measured_lipschitz_constant": .number(test.measuredLipschitzConstant),
      "is_saddle": .bool(test.isSaddle),
      "excursions": .array(
        test.excursions.map {
          [
            "distance": .number($0.distance), "finite_curvature": .number($0.finiteCurvature),
            "rounding": .number($0.rounding), "curvature_slope": .number($0.curvatureSlope),
          ]
        }),
    ]
  }

  static func json(_ split: CurvatureSplit) -> JSON {
    [
      "gauss_newton": .number(split.gaussNewton), "remainder": .number(split.remainder),
      "remainder_share": .number(split.remainderShare), "defect": .number(split.defect),
      "rounding": .number(split.rounding), "adds": .bool(split.adds),
    ]
  }

  static func json(_ part: ClassInLoss) -> JSON {
    [
      "share": .number(part.share), "gradient_share": .number(part.gradientShare),
      "curvature_of_whole": .number(part.curvatureOfWhole),
    ]
  }
}
