import Foundation

/// Numbers as people read them, independent of the locale.
package enum NumberText {
  /// Six significant digits.
  package static func short(_ value: Double) -> String { format(value, digits: 6) }

  /// Four significant digits, and 0 for what is smaller than 10⁻⁹: for numbers whose last bits depend on a
  /// library. What is left of rounding has no digits that repeat.
  package static func rounded(_ value: Double) -> String {
    format(value.magnitude < 1e-9 ? 0 : value, digits: 4)
  }

  /// Two significant digits: bounds that come from a library's numbers.
  package static func coarse(_ value: Double) -> String { format(value, digits: 2) }

  /// Coordinates of drawings: two decimals.
  package static func coordinate(_ value: Double) -> String { String(format: "%.2f", value) }

  private static func format(_ value: Double, digits: Int) -> String {
    // The C library spells non-finite numbers in more than one way.
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    return String(format: "%.\(digits)g", value == 0 ? 0 : value)
  }
}

extension String {
  /// The text with blanks behind it, up to a width in characters.
  package func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
