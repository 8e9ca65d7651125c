import EscapementKernels

/// The mapping from the values of an axis to positions along it.
package enum AxisScale: Hashable, Sendable {
  /// Position is proportional to the value.
  case linear
  /// log₁₀ x, for x > 0.
  case logarithmic
  /// sign(x)·log₁₀(1 + |x|/c): linear within ±c, logarithmic beyond, and smooth between; c > 0.
  case symmetricLogarithmic(Double)

  /// The scaled coordinate of a value. It is never −∞: the logarithm clamps its argument at the least normal number.
  package func coordinate(_ value: Double) -> Double {
    switch self {
    case .linear: value
    case .logarithmic: ownLog(max(value, .leastNormalMagnitude)) / ownLog(10)
    case .symmetricLogarithmic(let linear):
      (value < 0 ? -1 : 1) * ownLog(1 + value.magnitude / linear) / ownLog(10)
    }
  }

  /// The scale for a list of values: logarithmic if they are positive and span more than a factor of 30, symmetric
  /// logarithmic if they change sign or touch zero and span more than 100, and linear otherwise.
  package static func fitting(_ values: [Double]) -> AxisScale {
    // Magnitudes below 10⁻³⁰⁰ count as zero, because their decades cannot be labeled.
    let sizes = values.map(\.magnitude).filter { $0 >= decade(-300) }
    guard let largest = sizes.max(), let smallest = sizes.min() else { return .linear }
    if values.allSatisfy({ $0 >= decade(-300) }) { return largest > 30 * smallest ? .logarithmic : .linear }
    return largest > 100 * smallest
      ? .symmetricLogarithmic(niceBelow(max(smallest, largest / 10_000))) : .linear
  }

  /// The scale of an axis of eigenvalues: symmetric logarithmic if one end is more than ten times the other. It is
  /// linear within the nearer end, or within a thousandth of the farther end if the nearer one is a rounding of zero.
  package static func eigenvalues(from low: Double, to high: Double) -> AxisScale {
    let (near, far) = (min(low.magnitude, high.magnitude), max(low.magnitude, high.magnitude))
    guard far > 10 * near else { return .linear }
    return .symmetricLogarithmic(niceBelow(max(near, far / 1_000)))
  }

  /// The largest of 1, 2 and 5 times a power of ten that is not above a positive value.
  package static func niceBelow(_ value: Double) -> Double {
    var best = decade(-300)
    for exponent in -300...300 {
      for digit in [1.0, 2, 5] where digit * decade(exponent) <= value { best = digit * decade(exponent) }
    }
    return best
  }

  /// 10ᵏ, correctly rounded.
  package static func decade(_ exponent: Int) -> Double { Double("1e\(exponent)") ?? .infinity }

  /// Three to seven round numbers in a range.
  package static func roundNumbers(in range: ClosedRange<Double>) -> [(Double, String)] {
    let wanted = (range.upperBound - range.lowerBound) / 5
    guard wanted > 0, wanted.isFinite else { return [] }
    var unit = 1.0
    while unit > wanted { unit /= 10 }
    while unit * 10 <= wanted { unit *= 10 }
    let step = [1.0, 2, 5, 10].map { $0 * unit }.first { $0 >= wanted } ?? 10 * unit
    let first = (range.lowerBound / step).rounded(.up)
    // NaN where the range is tiny beside its ends.
    let steps = (range.upperBound / step).rounded(.down) - first
    guard steps.magnitude < 1_000 else { return [] }
    let count = Int(steps)
    return (0...max(count, 0)).map { k in
      // Compute from a whole number of steps, so that 0 is exact and 0.3 is not a neighboring number.
      let index = first + Double(k)
      let value = step < 1 ? index / (1 / step).rounded() : index * step
      return (value, NumberText.short(value))
    }
  }

  /// Candidates for ticks inside a range, in order of preference.
  package func ticks(in range: ClosedRange<Double>) -> [(value: Double, text: String)] {
    switch self {
    case .linear:
      return Self.roundNumbers(in: range).map { ($0.0, Self.minus($0.1)) }
    case .logarithmic:
      let decades = Self.decades(in: range)
      // All ticks of an axis use the same notation.
      let areRaised = decades.contains { $0 < 0.001 || $0 > 10_000 }
      return decades.map { ($0, areRaised ? Self.power($0) ?? Self.text($0) : Self.text($0)) }
    case .symmetricLogarithmic(let linear):
      let positive = range.upperBound > linear ? Self.decades(in: linear...range.upperBound) : []
      let negative = -range.lowerBound > linear ? Self.decades(in: linear...(-range.lowerBound)) : []
      let zero = range.contains(0) ? [0.0] : []
      let all = zero + negative.map { -$0 } + positive
      return all.filter(range.contains).map { ($0, Self.text($0)) }
    }
  }

  /// Powers of ten in a positive range, the outermost first, because a reader can infer the ones between. If there are
  /// fewer than two, twice and five times the powers are included.
  private static func decades(in range: ClosedRange<Double>) -> [Double] {
    let low = max(range.lowerBound, decade(-300))
    let powers = (-300...300).map(decade)
    let inside = powers.filter { low <= $0 && $0 <= range.upperBound }
    if inside.count > 1 {
      // At most about eight decades, evenly spaced.
      let stride = (inside.count + 7) / 8
      return inside.reversed().enumerated().filter { $0.offset.isMultiple(of: stride) }.map(\.element)
    }
    return inside + powers.flatMap { [2 * $0, 5 * $0] }.filter { low <= $0 && $0 <= range.upperBound }
  }

  /// A plain number from 0.001 to 10,000, otherwise a power of ten with a raised exponent.
  package static func text(_ value: Double) -> String {
    let size = value.magnitude
    if size == 0 || (size >= 0.001 && size <= 10_000) { return minus(NumberText.short(value)) }
    return power(value) ?? minus(NumberText.short(value))
  }

  /// "10⁻³" for a power of ten of either sign.
  private static func power(_ value: Double) -> String? {
    for exponent in -300...300 where decade(exponent) == value.magnitude {
      return (value < 0 ? "−" : "") + "10" + raised(exponent)
    }
    return nil
  }

  private static func raised(_ exponent: Int) -> String {
    let digits = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
    let size = String(exponent.magnitude).compactMap(\.wholeNumberValue).map { String(digits[$0]) }.joined()
    return (exponent < 0 ? "⁻" : "") + size
  }

  /// A number with the typographic minus sign, which is as wide as a digit, and a raised exponent: "−2.5·10⁻⁷".
  package static func minus(_ text: String) -> String {
    let signed = text.hasPrefix("-") ? "−" + text.dropFirst() : text
    let parts = signed.split(separator: "e")
    guard parts.count == 2, let exponent = Int(parts[1]) else { return signed }
    return parts[0] + "·10" + raised(exponent)
  }
}
