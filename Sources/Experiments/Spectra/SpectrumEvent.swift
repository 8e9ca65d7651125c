import EscapementArtifacts

/// The extreme eigenvalues of some classes' Hessians after an epoch: a `spectrum` line of `metrics.jsonl`, as
/// `ClassSpectra` measures it.
package struct SpectrumEvent: Hashable, Sendable {
  /// One end of a spectrum.
  package struct End: Sendable, Hashable {
    /// The Rayleigh quotient λ of the Ritz vector y.
    package let value: Double
    /// ‖Hy − λy‖/‖y‖: some eigenvalue lies within this distance of λ. Nil if it is not recorded.
    package let residual: Double?
    /// A bound on the effect of rounding on value and residual; 0 if it is not recorded.
    package let rounding: Double

    /// An end from its parts.
    package init(value: Double, residual: Double?, rounding: Double) {
      (self.value, self.residual, self.rounding) = (value, residual, rounding)
    }

    /// The largest distance of the eigenvalue from `value`; nil if it is unknown.
    package var uncertainty: Double? { residual.map { $0 + rounding } }
  }

  /// The measurement of one class. Optional members are absent from older records.
  package struct Row: Hashable, Sendable {
    /// The class; nil for the loss over all classes.
    package let label: Int?
    /// The number of images, and of Lanczos steps taken.
    package let samples, steps: Int
    /// λ_min and λ_max.
    package let smallest, largest: End
    /// |λ_min/λ_max|.
    package let ratio: Double?
    /// The loss.
    package let loss: Double
    /// ‖∇f‖.
    package let gradientNorm: Double?
    /// A lower bound on the Lipschitz constant of the Hessian, measured along λ_min's eigenvector.
    package let curvatureSlope: Double?
    /// The share of eigenvalues below −λ_max/100.
    package let negativeMass: Double?
    /// λ_min ≥ `lowerLimit` and λ_max ≤ `upperLimit`, except with probability `failureProbability`.
    package let lowerLimit, upperLimit: Double?
    /// The probability that a limit fails, over the start vector.
    package let failureProbability: Double?
    /// The number of start vectors.
    package let probes: Int
    /// The self-checks of `SpectrumReport`.
    package let asymmetry, drift, orthogonalityLoss: Double?
  }

  /// The event's name.
  package static let name = "spectrum"

  /// The name of the loss; nil in older records.
  package let loss: String?
  /// The statistics that batch norm used; nil in older records.
  package let normalization: String?
  /// The classes.
  package let rows: [Row]
  /// The duration in seconds.
  package let seconds: Double?
}

extension SpectrumEvent {
  /// The line's members, without the epoch and step that `Trainer` adds.
  package var members: [String: JSON] {
    [
      "event": .string(Self.name), "loss": .optional(loss), "normalization": .optional(normalization),
      "classes": .array(rows.map(\.json)), "seconds": .optional(seconds),
    ]
  }

  /// Reads a line. Throws a `DataError` for invalid members.
  package init(_ event: JSONCursor) throws {
    loss = try event.optionalField("loss")?.string()
    normalization = try event.optionalField("normalization")?.string()
    rows = try event.field("classes").elements().map { try Row($0) }
    seconds = try event.optionalField("seconds")?.double()
  }
}

extension SpectrumEvent.Row {
  fileprivate var json: JSON {
    [
      "class": .optional(label), "samples": .integer(samples), "loss": .number(loss),
      "gradient_norm": .optional(gradientNorm), "curvature_slope": .optional(curvatureSlope),
      "negative_mass": .optional(negativeMass),
      "smallest": .number(smallest.value), "smallest_residual": .optional(smallest.residual),
      "smallest_rounding": .number(smallest.rounding), "smallest_lower_limit": .optional(lowerLimit),
      "largest": .number(largest.value), "largest_residual": .optional(largest.residual),
      "largest_rounding": .number(largest.rounding), "largest_upper_limit": .optional(upperLimit),
      "failure_probability": .optional(failureProbability), "probes": .integer(probes),
      "ratio": .optional(ratio), "asymmetry": .optional(asymmetry), "drift": .optional(drift),
      "orthogonality_loss": .optional(orthogonalityLoss), "steps": .integer(steps),
    ]
  }

  fileprivate init(_ row: JSONCursor) throws {
    // Null is the loss over all classes; a row without the member is invalid.
    label = try row.value["class"] == .null ? nil : row.field("class").integer(atLeast: 0)
    func number(_ key: String, minimum: Double = -.infinity) throws -> Double {
      try Self.number(row.field(key), minimum: minimum)
    }
    func optional(
      _ key: String, minimum: Double = -.infinity, maximum: Double = .infinity
    ) throws -> Double? {
      guard let cursor = try row.optionalField(key) else { return nil }
      let value = try Self.number(cursor, minimum: minimum)
      guard value <= maximum else {
        throw cursor.fault(found: "\(value)", expected: "at most \(maximum)")
      }
      return value
    }
    func end(_ key: String) throws -> SpectrumEvent.End {
      SpectrumEvent.End(
        value: try number(key), residual: try optional("\(key)_residual", minimum: 0),
        rounding: try optional("\(key)_rounding", minimum: 0) ?? 0)
    }
    (smallest, largest, loss) = (try end("smallest"), try end("largest"), try number("loss"))
    // No eigenvalue lies below the limit, so the measured one cannot either.
    lowerLimit = try optional(
      "smallest_lower_limit", maximum: smallest.value + (smallest.uncertainty ?? 0))
    upperLimit = try optional("largest_upper_limit")
    failureProbability = try optional("failure_probability", minimum: 0, maximum: 1)
    gradientNorm = try optional("gradient_norm", minimum: 0)
    curvatureSlope = try optional("curvature_slope", minimum: 0)
    negativeMass = try optional("negative_mass", minimum: 0, maximum: 1)
    ratio = try optional("ratio", minimum: 0)
    (asymmetry, drift) = (try optional("asymmetry"), try optional("drift"))
    orthogonalityLoss = try optional("orthogonality_loss")
    samples = try row.field("samples").integer(atLeast: 1)
    steps = try row.field("steps").integer(atLeast: 1)
    probes = try row.optionalField("probes")?.integer(atLeast: 1) ?? 1
  }

  private static func number(_ cursor: JSONCursor, minimum: Double) throws -> Double {
    let value = try cursor.double()
    guard value.magnitude <= SpectrumRecord.magnitudeLimit, value >= minimum else {
      throw cursor.fault(
        found: "\(value)", expected: minimum == 0 ? "a finite number of at least 0" : "a finite number")
    }
    return value
  }
}
