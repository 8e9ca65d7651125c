import EscapementExperiments
import EscapementDrawing
import EscapementArtifacts

/// The extreme eigenvalues of one class's Hessian after an epoch, as `train --spectra` measured them, and how.
package struct CurvatureMeasurement: Sendable, Hashable {
  /// By what procedure. Figures of two procedures are not compared.
  package struct Procedure: Sendable, Hashable {
    /// The loss, in words.
    package var loss: String
    /// Which statistics batch norm used; nil where the record does not say.
    package var normalization: String?
    /// Lanczos steps asked for.
    package var steps: Int
    /// Start vectors.
    package var probes: Int
    /// At most this many images of a class, the first ones; nil: all.
    package var images: Int?

    /// One line.
    package var text: String {
      "\(loss), \(normalization ?? "unknown") statistics, \(images.map { "the first \($0)" } ?? "all") images of a class, "
        + "\(steps) Lanczos steps, \(probes == 1 ? "1 start vector" : "\(probes) start vectors")"
    }
  }

  /// One end of a spectrum.
  package struct End: Sendable, Hashable {
    /// The Rayleigh quotient λ of the Ritz vector y.
    package let value: Double
    /// ‖Hy − λy‖/‖y‖: some eigenvalue lies within it of λ. Nil where the record has none.
    package let residual: Double?
    /// How much rounding may have changed either; 0 where the record has none.
    package let rounding: Double

    /// How far from `value` the eigenvalue may be that it stands for; nil where nothing is known.
    package var uncertainty: Double? { residual.map { $0 + rounding } }
  }

  /// The largest share of λ_max − λ_min that the residual of an end that counts may have.
  ///
  /// If both ends move by at most r, the ratio q = |λ_min|/λ_max moves by at most r(1 + q)/(λ_max − r), and with S = λ_max −
  /// λ_min = λ_max(1 + q) that is (r/S)(1 + q)²/(1 − (1 + q)r/S). For q ≤ 1 and r = S/100 it is below 0.041: less than the
  /// 0.05 that H13 registers as no change, the smallest margin that a claim about the ratio has.
  package static let residualShare = 0.01

  /// The largest failure probability of a limit that counts: a tenth of the smallest level of a look at it (`SeedLooks`). `ClassSpectra`
  /// states 2·10⁻⁶.
  package static let failureProbability = 0.002

  /// The class; nil: the loss over all classes.
  package let label: Int?
  /// How it was measured.
  package let procedure: Procedure
  /// Lanczos steps taken: fewer than asked for where the Krylov space was exhausted.
  package let steps: Int
  /// Images it is over.
  package let images: Int
  /// λ_min.
  package let smallest: End
  /// λ_max.
  package let largest: End
  /// The loss.
  package let loss: Double
  /// λ_min ≥ this but for `failureProbability`; nil where the record has none.
  package let lowerLimit: Double?
  /// The failure probability of the limit.
  package let failureProbability: Double?
  /// ‖∇f‖; nil where the record has none.
  package let gradientNorm: Double?
  /// What the Lipschitz constant of the Hessian is at least, along λ_min's eigenvector; nil where the record has none.
  package let curvatureSlope: Double?
  /// The share of eigenvalues below −λ_max/100; nil where the record has none.
  package let negativeMass: Double?

  /// The larger uncertainty of the two ends over λ_max − λ_min; nil where a residual is not on record.
  package var residualShare: Double? {
    guard let a = smallest.uncertainty, let b = largest.uncertainty else { return nil }
    let (worst, spread) = (max(a, b), largest.value - smallest.value)
    return worst == 0 ? 0 : spread > 0 ? worst / spread : .infinity
  }

  /// Why it is not of what the claims are about; nil where it is.
  var otherSubject: String? {
    guard procedure.loss == ClassSpectra.loss, procedure.normalization == ClassSpectra.normalization else {
      return
        "measured on the \(procedure.loss) under \(procedure.normalization ?? "unknown") statistics, where the "
        + "claims are about the \(ClassSpectra.loss) under \(ClassSpectra.normalization) ones"
    }
    return nil
  }

  /// Why its eigenvalues do not count; nil where they do.
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
      // A limit that may well fail, or does not say how often, limits nothing.
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

  /// What `run.json` says beforehand of the spectra along a run.
  struct Plan {
    /// Lanczos steps.
    let steps: Int?
    /// At most this many images of a class.
    let images: Int?

    /// Reads a record; of runs without spectra, and with measurements of another kind, nothing.
    init(_ record: JSONCursor) {
      let measurement = record.value["measurement"]
      steps = measurement?["steps"]?.integer
      images = measurement?["samples"]?.integer
    }
  }

  /// Reads a class's row of a spectrum event; throws a `DataError` for values that no measurement has.
  init(_ row: JSONCursor, of event: JSONCursor, plan: Plan, data: RecordedData) throws {
    // Null is the loss over all classes; without the member the row is none.
    label = try row.value["class"] == .null ? nil : row.field("class").integer(atLeast: 0)
    func number(_ key: String) throws -> Double {
      try Self.number(row.field(key), minimum: -.infinity)
    }
    func end(_ key: String) throws -> End {
      End(
        value: try number(key),
        residual: try row.optionalField("\(key)_residual").map { try Self.number($0, minimum: 0) },
        rounding: try row.optionalField("\(key)_rounding").map { try Self.number($0, minimum: 0) } ?? 0)
    }
    (smallest, largest, loss) = (try end("smallest"), try end("largest"), try number("loss"))
    func optional(_ key: String, minimum: Double, maximum: Double = .infinity) throws -> Double? {
      guard let cursor = try row.optionalField(key), cursor.value != .null else { return nil }
      let value = try Self.number(cursor, minimum: minimum)
      guard value <= maximum else {
        throw cursor.fault(found: "\(value)", expected: "at most \(NumberText.short(maximum))")
      }
      return value
    }
    // No eigenvalue lies below the limit, so that the one which was measured does not.
    lowerLimit = try optional(
      "smallest_lower_limit", minimum: -.infinity,
      maximum: smallest.value + (smallest.uncertainty ?? 0))
    failureProbability = try optional("failure_probability", minimum: 0, maximum: 1)
    gradientNorm = try optional("gradient_norm", minimum: 0)
    curvatureSlope = try optional("curvature_slope", minimum: 0)
    negativeMass = try optional("negative_mass", minimum: 0, maximum: 1)
    let (taken, seen) = (try row.field("steps"), try row.field("samples"))
    steps = try taken.integer(atLeast: 1)
    if let planned = plan.steps, steps > planned {
      throw taken.fault(found: "\(steps)", expected: "at most the \(planned) of run.json")
    }
    images = try seen.integer(atLeast: 1)
    if let label, label >= data.classes {
      throw try row.field("class").fault(found: "\(label)", expected: "a class below \(data.classes)")
    }
    let expected = label.map { min(data.classCounts[$0], plan.images ?? .max) } ?? data.trainingSamples
    guard images == expected else {
      throw seen.fault(
        found: "\(images) images", expected: "\(expected), as class_counts and the measurement say")
    }
    procedure = Procedure(
      loss: try event.optionalField("loss")?.string() ?? "unknown loss",
      normalization: try event.optionalField("normalization")?.string(), steps: plan.steps ?? steps,
      probes: try row.optionalField("probes")?.integer(atLeast: 1) ?? 1, images: plan.images)
  }

  private static func number(_ cursor: JSONCursor, minimum: Double) throws -> Double {
    let value = try cursor.double()
    guard value.magnitude <= SpectrumRecord.magnitudeLimit, value >= minimum else {
      throw cursor.fault(
        found: "\(value)", expected: minimum == 0 ? "a finite number of at least 0" : "a finite number")
    }
    return value
  }

  /// For machines.
  package var json: JSON {
    func end(_ end: End) -> JSON {
      [
        "value": .number(end.value), "residual": end.residual.map { .number($0) } ?? .null,
        "rounding": .number(end.rounding),
      ]
    }
    let subject: JSON = label.map { .integer($0) } ?? .null
    let statistics: JSON = procedure.normalization.map { .string($0) } ?? .null
    let reason: JSON = obstacle.map { .string($0) } ?? .null
    return [
      "class": subject, "smallest": end(smallest), "largest": end(largest),
      "loss": .number(loss), "pictures": .integer(images), "steps": .integer(steps),
      "steps_asked": .integer(procedure.steps), "probes": .integer(procedure.probes),
      "normalization": statistics, "counts": .bool(obstacle == nil), "obstacle": reason,
    ]
  }
}

extension RunMetric {
  /// The measurement that the figure is made of; nil for figures of no spectrum, and where there is none.
  func measurement(among all: [CurvatureMeasurement]) -> CurvatureMeasurement? {
    measuredClass.flatMap { label in all.first { $0.label == label } }
  }

  /// Why the figure of a measurement does not count; nil where it does. A loss asks for no eigenvalue.
  func obstacle(_ measurement: CurvatureMeasurement) -> String? {
    isOfEigenvalues ? measurement.obstacle : measurement.otherSubject
  }

  /// How the figure of a measurement was found, as far as the figure depends on it.
  func procedure(_ measurement: CurvatureMeasurement) -> CurvatureMeasurement.Procedure {
    var procedure = measurement.procedure
    if !isOfEigenvalues { (procedure.steps, procedure.probes) = (0, 0) }
    return procedure
  }
}
