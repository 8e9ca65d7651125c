/// What a measured quantity is held against.
package enum Expectation: Hashable, Sendable {
  /// |value − expected| ≤ tolerance.
  case equal(to: Double, within: Double)
  /// value ≤ bound.
  case atMost(Double)
  /// value ≥ bound.
  case atLeast(Double)
  /// lower ≤ value ≤ upper.
  case between(Double, Double)
  /// Nothing: the number is reported and does not decide.
  case observed
}

/// How far a measured number repeats.
package enum Reproducibility: String, Hashable, Sendable {
  /// The same bits on every machine; reports print them.
  case bits
  /// Comes from LAPACK, whose last digits depend on the library: printed to four digits only.
  case rounded
}

/// One measured quantity, what it should have been, and whether it was.
package struct Measurement: Hashable, Sendable {
  /// What was measured.
  package var name: String
  /// The number.
  package var value: Double
  /// What it is held against.
  package var expectation: Expectation
  /// The unit; empty for pure numbers.
  package var unit: String
  /// Where the expectation or its tolerance comes from.
  package var reason: String
  /// How far the number repeats.
  package var reproducibility: Reproducibility

  /// A measurement from its parts.
  package init(
    name: String, value: Double, expectation: Expectation, unit: String = "", reason: String,
    reproducibility: Reproducibility = .bits
  ) {
    self.name = name
    self.value = value
    self.expectation = expectation
    self.unit = unit
    self.reason = reason
    self.reproducibility = reproducibility
  }

  /// Whether the expectation held; nil for an observed number. NaN holds nowhere.
  package var holds: Bool? {
    switch expectation {
    case .equal(let expected, let tolerance): abs(value - expected) <= tolerance
    case .atMost(let bound): value <= bound
    case .atLeast(let bound): value >= bound
    case .between(let lower, let upper): value >= lower && value <= upper
    case .observed: nil
    }
  }
}
