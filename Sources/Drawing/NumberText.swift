import Foundation

/// Numbers as readable text, independent of the locale.
package enum NumberText {
  /// Six significant digits.
  package static func short(_ value: Double) -> String { format(value, digits: 6) }

  /// Four significant digits, and 0 for magnitudes below 10⁻⁹. It is for numbers whose last bits depend on a library:
  /// the digits of a rounding residue are not reproducible.
  package static func rounded(_ value: Double) -> String {
    format(value.magnitude < 1e-9 ? 0 : value, digits: 4)
  }

  /// Two significant digits, for bounds computed from a library's numbers.
  package static func coarse(_ value: Double) -> String { format(value, digits: 2) }

  /// Two decimals, for coordinates of drawings.
  package static func coordinate(_ value: Double) -> String { String(format: "%.2f", value) }

  private static func format(_ value: Double, digits: Int) -> String {
    // The C library spells non-finite numbers in more than one way.
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    return String(format: "%.\(digits)g", value == 0 ? 0 : value)
  }
}
