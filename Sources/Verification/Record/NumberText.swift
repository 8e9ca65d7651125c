import Foundation

/// Numbers as people read them, independent of the locale.
enum NumberText {
  /// Six significant digits.
  static func short(_ value: Double) -> String { format(value, digits: 6) }

  /// Four significant digits, and 0 for what is smaller than 10⁻⁹: for numbers whose last bits depend on a
  /// library. What is left of rounding has no digits that repeat.
  static func rounded(_ value: Double) -> String { format(value.magnitude < 1e-9 ? 0 : value, digits: 4) }

  /// Two significant digits: bounds that come from a library's numbers.
  static func coarse(_ value: Double) -> String { format(value, digits: 2) }

  /// Coordinates of drawings: two decimals.
  static func coordinate(_ value: Double) -> String { String(format: "%.2f", value) }

  private static func format(_ value: Double, digits: Int) -> String {
    // The C library spells non-finite numbers in more than one way.
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    return String(format: "%.\(digits)g", value == 0 ? 0 : value)
  }
}

extension Measurement {
  /// The value as reports print it.
  var valueText: String {
    reproducibility == .bits ? NumberText.short(value) : NumberText.rounded(value)
  }

  /// The expectation as reports print it, no more precise than the measurement.
  var expectationText: String {
    expectation.text(reproducibility == .bits ? NumberText.short : NumberText.coarse)
  }
}

extension Expectation {
  func text(_ number: (Double) -> String) -> String {
    switch self {
    case .equal(let expected, let tolerance): "\(number(expected)) ± \(number(tolerance))"
    case .atMost(let bound): "≤ \(number(bound))"
    case .atLeast(let bound): "≥ \(number(bound))"
    case .between(let lower, let upper): "in [\(number(lower)), \(number(upper))]"
    case .observed: "observed"
    }
  }
}
