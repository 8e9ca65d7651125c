/// The expectation with which a measured quantity is compared.
package enum Expectation: Hashable, Sendable {
  /// |value − expected| ≤ tolerance.
  case equal(to: Double, within: Double)
  /// value ≤ bound.
  case atMost(Double)
  /// value ≥ bound.
  case atLeast(Double)
  /// lower ≤ value ≤ upper.
  case between(Double, Double)
  /// None: the number is reported and does not decide.
  case observed
}

/// The reproducibility of a measured number.
package enum Reproducibility: String, Hashable, Sendable {
  /// The number has the same bits on every machine, and reports print them.
  case bits
  /// The number comes from LAPACK, whose last digits depend on the library; it is printed to four digits.
  case rounded
}

/// One measured quantity, its expectation, and whether the expectation held.
package struct Measurement: Hashable, Sendable {
  /// The name of the quantity.
  package var name: String
  /// The measured value.
  package var value: Double
  /// The expectation of the value.
  package var expectation: Expectation
  /// The unit; empty for pure numbers.
  package var unit: String
  /// The origin of the expectation or its tolerance.
  package var reason: String
  /// The reproducibility of the number.
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

  /// Whether the expectation held; nil for an observed number. NaN satisfies no expectation.
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
