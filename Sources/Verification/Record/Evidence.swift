/// Collects the measured quantities of one procedure and derives the verdict from them.
///
/// A verdict follows only from judged quantities. One that fails refutes the claim; without any the claim stays
/// undecided, so that no claim passes without a measurement. Every function that adds a quantity returns it, for
/// summaries that print its value.
package struct Evidence: Sendable {
  /// The measurements so far.
  package private(set) var measurements: [Measurement] = []
  /// Remarks for the report.
  package private(set) var details: [String] = []

  /// No evidence yet.
  package init() {}

  /// Judges |value − expected| ≤ tolerance; `reason` states the origin of the tolerance.
  @discardableResult
  package mutating func equal(
    _ name: String, _ value: Double, to expected: Double, within tolerance: Double, unit: String = "",
    because reason: String, _ reproducibility: Reproducibility = .bits
  ) -> Measurement {
    add(name, value, .equal(to: expected, within: tolerance), unit, reason, reproducibility)
  }

  /// Judges value ≤ bound.
  @discardableResult
  package mutating func atMost(
    _ name: String, _ value: Double, _ bound: Double, unit: String = "", because reason: String,
    _ reproducibility: Reproducibility = .bits
  ) -> Measurement {
    add(name, value, .atMost(bound), unit, reason, reproducibility)
  }

  /// Judges value ≥ bound.
  @discardableResult
  package mutating func atLeast(
    _ name: String, _ value: Double, _ bound: Double, unit: String = "", because reason: String,
    _ reproducibility: Reproducibility = .bits
  ) -> Measurement {
    add(name, value, .atLeast(bound), unit, reason, reproducibility)
  }

  /// Judges lower ≤ value ≤ upper.
  @discardableResult
  package mutating func between(
    _ name: String, _ value: Double, _ lower: Double, _ upper: Double, unit: String = "",
    because reason: String, _ reproducibility: Reproducibility = .bits
  ) -> Measurement {
    add(name, value, .between(lower, upper), unit, reason, reproducibility)
  }

  /// Judges a count of contradictions, which must be zero.
  @discardableResult
  package mutating func none(_ name: String, _ count: Int, of total: Int, because reason: String)
    -> Measurement
  {
    // A procedure that compared nothing must not pass: NaN satisfies no expectation.
    let value = total > 0 ? Double(count) : .nan
    return add(name, value, .atMost(0), "of \(total)", reason, .bits)
  }

  /// Reports a number that does not decide.
  @discardableResult
  package mutating func observe(
    _ name: String, _ value: Double, unit: String = "", because reason: String,
    _ reproducibility: Reproducibility = .bits
  ) -> Measurement {
    add(name, value, .observed, unit, reason, reproducibility)
  }

  /// Adds a remark.
  package mutating func note(_ text: String) { details.append(text) }

  /// The verdict: `outcome` if every judged quantity held, refuted if one did not, and inconclusive if nothing was
  /// judged.
  ///
  /// `summary` is the line if all held, `refutation` the line otherwise; without it the first failed quantity is named.
  package func verdict(ifAllHold outcome: Outcome, summary: String, refutation: String? = nil) -> Verdict {
    let judged = measurements.filter { $0.holds != nil }
    let failed = judged.filter { $0.holds == false }
    if judged.isEmpty {
      return Verdict(
        outcome: .inconclusive, measurements: measurements, summary: "nothing was judged", details: details)
    }
    if let first = failed.first {
      let text =
        refutation
        ?? "\(failed.count) of \(judged.count) judged quantities failed, first \(first.name): "
        + "\(first.valueText), expected \(first.expectationText)"
      return Verdict(outcome: .refuted, measurements: measurements, summary: text, details: details)
    }
    return Verdict(outcome: outcome, measurements: measurements, summary: summary, details: details)
  }

  private mutating func add(
    _ name: String, _ value: Double, _ expectation: Expectation, _ unit: String, _ reason: String,
    _ reproducibility: Reproducibility
  ) -> Measurement {
    let measurement = Measurement(
      name: name, value: value, expectation: expectation, unit: unit, reason: reason,
      reproducibility: reproducibility)
    measurements.append(measurement)
    return measurement
  }
}
