import EscapementExperiments
import EscapementDrawing
import EscapementArtifacts

/// The extreme eigenvalues of one class's Hessian after an epoch, as measured by `train --spectra`, with the procedure.
package struct CurvatureMeasurement: Sendable, Hashable {
  /// The procedure of a measurement. Figures of different procedures are not compared.
  package struct Procedure: Sendable, Hashable {
    /// The name of the loss.
    package var loss: String
    /// The statistics that batch norm used; nil if not recorded.
    package var normalization: String?
    /// The requested number of Lanczos steps.
    package var steps: Int
    /// The number of start vectors.
    package var probes: Int
    /// The largest number of images of a class, of which the first are used; nil for all.
    package var images: Int?

    /// One line.
    package var text: String {
      "\(loss), \(normalization ?? "unknown") statistics, \(images.map { "the first \($0)" } ?? "all") images of a class, "
        + "\(steps) Lanczos steps, \(probes == 1 ? "1 start vector" : "\(probes) start vectors")"
    }
  }

  /// The largest residual of an end that counts, as a share of λ_max − λ_min.
  ///
  /// If both ends change by at most r, the ratio q = |λ_min|/λ_max changes by at most r(1 + q)/(λ_max − r). With S =
  /// λ_max − λ_min = λ_max(1 + q) this is (r/S)(1 + q)²/(1 − (1 + q)r/S). For q ≤ 1 and r = S/100 it is below 0.041.
  /// This is less than the 0.05 that H13 registers as no change, which is the smallest margin of a claim about the
  /// ratio.
  package static let residualShare = 0.01

  /// The largest failure probability of a limit that counts: a tenth of the smallest level of a look (`SeedLooks`).
  /// `ClassSpectra` states 2·10⁻⁶.
  package static let failureProbability = 0.002

  /// The class; nil for the loss over all classes.
  package let label: Int?
  /// The procedure of the measurement.
  package let procedure: Procedure
  /// The number of Lanczos steps taken: fewer than requested if the Krylov space was exhausted.
  package let steps: Int
  /// The number of images.
  package let images: Int
  /// λ_min.
  package let smallest: SpectrumEvent.End
  /// λ_max.
  package let largest: SpectrumEvent.End
  /// The loss.
  package let loss: Double
  /// A lower limit of λ_min, except with probability `failureProbability`; nil if not recorded.
  package let lowerLimit: Double?
  /// The failure probability of the limit.
  package let failureProbability: Double?
  /// ‖∇f‖; nil if not recorded.
  package let gradientNorm: Double?
  /// A lower bound on the Lipschitz constant of the Hessian, along λ_min's eigenvector; nil if not recorded.
  package let curvatureSlope: Double?
  /// The share of eigenvalues below −λ_max/100; nil if not recorded.
  package let negativeMass: Double?

  /// The larger uncertainty of the two ends over λ_max − λ_min; nil if a residual is not recorded.
  package var residualShare: Double? {
    guard let a = smallest.uncertainty, let b = largest.uncertainty else { return nil }
    let (worst, spread) = (max(a, b), largest.value - smallest.value)
    return worst == 0 ? 0 : spread > 0 ? worst / spread : .infinity
  }

  /// The reason why its loss is not the one of the claims; nil if it is.
  var otherSubject: String? {
    guard procedure.loss == ClassSpectra.loss, procedure.normalization == ClassSpectra.normalization else {
      return
        "measured on the \(procedure.loss) under \(procedure.normalization ?? "unknown") statistics, where the "
        + "claims are about the \(ClassSpectra.loss) under \(ClassSpectra.normalization) ones"
    }
    return nil
  }

  /// The reason why its eigenvalues do not count; nil if they do.
  package var obstacle: String? {
    if let otherSubject { return otherSubject }
    guard let share = residualShare else { return "no residual is on record" }
    guard share <= Self.residualShare else {
      return
        "not converged after \(steps) steps: a residual of \(NumberText.rounded(100 * share)) % of λ_max − λ_min, "
        + "where at most \(NumberText.short(100 * Self.residualShare)) % counts"
    }
    return nil
  }

  /// The figures that count.
  var figures: [RunMetric: Double] {
    guard otherSubject == nil else { return [:] }
    var figures: [RunMetric: Double] = [.trainingLoss(ofClass: label): loss]
    guard obstacle == nil else { return figures }
    let negative = max(0, -smallest.value)
    figures[.negativeCurvature(ofClass: label)] = negative
    figures[.largestEigenvalue(ofClass: label)] = largest.value
    if largest.value > 0 {
      figures[.saddleRatio(ofClass: label)] = negative / largest.value
      // A limit with a large or unknown failure probability is not used.
      if let lowerLimit, let failureProbability, failureProbability <= Self.failureProbability {
        figures[.saddleRatioLimit(ofClass: label)] = max(0, -lowerLimit) / largest.value
      }
    }
    if let gradientNorm, let curvatureSlope, gradientNorm > 0, curvatureSlope > 0 {
      figures[.saddleMargin(ofClass: label)] = negative * negative / (curvatureSlope * gradientNorm)
    }
    figures[.negativeMass(ofClass: label)] = negativeMass
    return figures
  }

  /// The description in `run.json` of the spectra of a run.
  struct Plan {
    /// The number of Lanczos steps.
    let steps: Int?
    /// The largest number of images of a class.
    let images: Int?

    /// Reads the measurement of a record; all nil for runs without spectra or with measurements of another kind.
    init(_ measurement: JSON?) {
      steps = measurement?["steps"]?.integer
      images = measurement?["samples"]?.integer
    }
  }

  /// Reads a class's row of an event. Throws a `DataError` with its place if the row does not agree with the run's data
  /// or plan.
  init(
    _ row: SpectrumEvent.Row, of event: SpectrumEvent, at place: JSONCursor, plan: Plan, data: RecordedData
  )
    throws
  {
    (label, steps, images) = (row.label, row.steps, row.samples)
    (smallest, largest, loss, lowerLimit) = (row.smallest, row.largest, row.loss, row.lowerLimit)
    (failureProbability, gradientNorm) = (row.failureProbability, row.gradientNorm)
    (curvatureSlope, negativeMass) = (row.curvatureSlope, row.negativeMass)
    if let planned = plan.steps, steps > planned {
      throw try place.field("steps").fault(
        found: "\(steps)", expected: "at most the \(planned) of run.json")
    }
    if let label, label >= data.classes {
      throw try place.field("class").fault(found: "\(label)", expected: "a class below \(data.classes)")
    }
    let expected = label.map { min(data.classCounts[$0], plan.images ?? .max) } ?? data.trainingSamples
    guard images == expected else {
      throw try place.field("samples").fault(
        found: "\(images) images", expected: "\(expected), as class_counts and the measurement say")
    }
    procedure = Procedure(
      loss: event.loss ?? "unknown loss", normalization: event.normalization, steps: plan.steps ?? steps,
      probes: row.probes, images: plan.images)
  }

  /// The measurement as JSON.
  package var json: JSON {
    func end(_ end: SpectrumEvent.End) -> JSON {
      [
        "value": .number(end.value), "residual": .optional(end.residual),
        "rounding": .number(end.rounding),
      ]
    }
    let subject: JSON = .optional(label)
    let statistics: JSON = .optional(procedure.normalization)
    let reason: JSON = .optional(obstacle)
    return [
      "class": subject, "smallest": end(smallest), "largest": end(largest),
      "loss": .number(loss), "pictures": .integer(images), "steps": .integer(steps),
      "steps_asked": .integer(procedure.steps), "probes": .integer(procedure.probes),
      "normalization": statistics, "counts": .bool(obstacle == nil), "obstacle": reason,
    ]
  }
}

extension RunMetric {
  /// The measurement behind the figure; nil for figures without a spectrum, and if there is none.
  func measurement(among all: [CurvatureMeasurement]) -> CurvatureMeasurement? {
    measuredClass.flatMap { label in all.first { $0.label == label } }
  }

  /// The reason why the figure of a measurement does not count; nil if it does. A loss does not depend on eigenvalues.
  func obstacle(_ measurement: CurvatureMeasurement) -> String? {
    isOfEigenvalues ? measurement.obstacle : measurement.otherSubject
  }

  /// The procedure of the measurement, reduced to what the figure depends on.
  func procedure(_ measurement: CurvatureMeasurement) -> CurvatureMeasurement.Procedure {
    var procedure = measurement.procedure
    if !isOfEigenvalues { (procedure.steps, procedure.probes) = (0, 0) }
    return procedure
  }
}
