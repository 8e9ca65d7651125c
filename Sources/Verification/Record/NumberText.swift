import Foundation

/// Numbers as people read them, independent of the locale.
enum NumberText {
  /// Six significant digits.
  static func short(_ value: Double) -> String { format(value, digits: 6) }

  /// Four significant digits: for numbers whose last bits depend on a library.
  static func rounded(_ value: Double) -> String { format(value, digits: 4) }

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
  var valueText: String { text(value) }

  /// The expectation as reports print it, with its numbers at the measurement's own precision.
  var expectationText: String { expectation.text(text) }

  private func text(_ number: Double) -> String {
    reproducibility == .bits ? NumberText.short(number) : NumberText.rounded(number)
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
