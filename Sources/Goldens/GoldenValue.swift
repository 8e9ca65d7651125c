import EscapementStatistics
import EscapementDrawing
import EscapementArtifacts
import EscapementKernels

/// One named number or text of a golden case.
public struct GoldenValue: Hashable, Sendable {
  /// How a value is compared.
  package enum Content: Hashable, Sendable {
    /// A floating-point number by its bits; `bytes` is 4 or 8.
    case bits(UInt64, bytes: Int)
    /// An integer.
    case integer(Int)
    /// A text, for example a digest.
    case text(String)
    /// Numbers by their bits, for example one per step; `bytes` is 4 or 8.
    case series([UInt64], bytes: Int)
    /// A number within `tolerance` of the recorded one, for the reason given.
    case near(Double, tolerance: Double, reason: String)
    /// A number of 4 or 8 bytes at most `within` representable numbers from the recorded one.
    case ulps(UInt64, bytes: Int, within: UInt64, reason: String)
    /// A number within `tolerance` times the recorded one's magnitude.
    case relative(Double, tolerance: Double, reason: String)
    /// A sample, for example one number per seed, whose mean Welch's test at `level` does not distinguish from the
    /// recorded sample's.
    case sample([Double], level: Double, reason: String)
  }

  /// The name, unique in its case, for example "step 3 loss".
  package var name: String
  /// The value.
  package var content: Content

  /// A value from its parts.
  package init(name: String, content: Content) {
    self.name = name
    self.content = content
  }

  /// A number that must keep every bit.
  package static func exact<Element: Real>(_ name: String, _ value: Element) -> GoldenValue {
    GoldenValue(name: name, content: .bits(value.bits, bytes: MemoryLayout<Element>.size))
  }
  /// An integer.
  package static func integer(_ name: String, _ value: Int) -> GoldenValue {
    GoldenValue(name: name, content: .integer(value))
  }
  /// A digest.
  package static func digest(_ name: String, _ value: Digest) -> GoldenValue {
    GoldenValue(name: name, content: .text(value.hex))
  }
  /// Numbers in order, each of which must keep every bit.
  package static func series<Element: Real>(_ name: String, _ values: [Element]) -> GoldenValue {
    GoldenValue(name: name, content: .series(values.map(\.bits), bytes: MemoryLayout<Element>.size))
  }
  /// Integers in order.
  package static func counts(_ name: String, _ values: [Int]) -> GoldenValue {
    GoldenValue(name: name, content: .text(values.map(String.init).joined(separator: " ")))
  }
  /// A number that may differ by `tolerance`; the reason states why it is not exact and why the tolerance has this
  /// size.
  package static func near(_ name: String, _ value: Double, tolerance: Double, because reason: String)
    -> GoldenValue
  {
    precondition(tolerance >= 0, "a tolerance must not be negative, got \(tolerance)")
    return GoldenValue(name: name, content: .near(value, tolerance: tolerance, reason: reason))
  }

  /// A number that may differ by at most `within` representable numbers of its type; the reason states why it is not
  /// exact.
  package static func near<Element: Real>(
    _ name: String, _ value: Element, ulps within: UInt64, because reason: String
  ) -> GoldenValue {
    GoldenValue(
      name: name,
      content: .ulps(value.bits, bytes: MemoryLayout<Element>.size, within: within, reason: reason))
  }
  /// A number that may differ by `tolerance` times the recorded magnitude.
  package static func near(
    _ name: String, _ value: Double, relative tolerance: Double, because reason: String
  )
    -> GoldenValue
  {
    precondition(tolerance >= 0, "a tolerance must not be negative, got \(tolerance)")
    return GoldenValue(name: name, content: .relative(value, tolerance: tolerance, reason: reason))
  }
  /// A sample whose mean may differ as long as Welch's two-sided test at `level`, in (0, 1), does not reject equality.
  /// A test that does not reject does not show that the means are equal.
  package static func sample(_ name: String, _ values: [Double], level: Double, because reason: String)
    -> GoldenValue
  {
    precondition(level > 0 && level < 1, "a level must lie between 0 and 1, got \(level)")
    return GoldenValue(name: name, content: .sample(values, level: level, reason: reason))
  }

  /// "exact", "absolute", "ulp", "relative" or "statistical".
  package var mode: String {
    switch content {
    case .bits, .integer, .text, .series: "exact"
    case .near: "absolute"
    case .ulps: "ulp"
    case .relative: "relative"
    case .sample: "statistical"
    }
  }

  /// The reason for the way in which the value is compared.
  package var reason: String {
    switch content {
    case .bits, .integer, .text, .series: "the kernels give the same bits on every machine"
    case .near(_, _, let reason), .ulps(_, _, _, let reason), .relative(_, _, let reason),
      .sample(_, _, let reason):
      reason
    }
  }

  /// Whether `found` agrees with this recorded value; names and kinds must agree too.
  ///
  /// The recorded tolerance applies, so that a run cannot widen its own. NaN agrees with nothing unless bits are
  /// compared.
  package func accepts(_ found: GoldenValue) -> Bool {
    guard name == found.name else { return false }
    switch (content, found.content) {
    case (.near(let a, let tolerance, let reason), .near(let b, let other, let otherReason)):
      return (a - b).magnitude <= tolerance && tolerance == other && reason == otherReason
    case (.ulps(_, _, let within, let reason), .ulps(_, _, let other, let otherReason)):
      return within == other && reason == otherReason && (ulps(to: found).map { $0 <= within } ?? false)
    case (.relative(let a, let tolerance, let reason), .relative(let b, let other, let otherReason)):
      return (a - b).magnitude <= tolerance * a.magnitude && tolerance == other && reason == otherReason
    case (.sample(let a, let level, let reason), .sample(let b, let other, let otherReason)):
      guard level == other, reason == otherReason else { return false }
      // Without any spread there is no test: the samples must be equal.
      guard let test = WelchTest(a, b) else { return a == b }
      return test.pTwoSided >= level
    default: return content == found.content
    }
  }

  /// The readable value: the decimal, and the bits if bits are compared.
  package var text: String {
    switch content {
    case .bits(let bits, let bytes):
      "\(GoldenValue.number(bits, bytes: bytes)) (\(HexFloat.string(bits: bits, bytes: bytes)))"
    case .integer(let value): String(value)
    case .text(let value): value
    case .series(let values, let bytes):
      "\(values.count) numbers"
        + (values.first.map { " from \(GoldenValue.number($0, bytes: bytes)) on" } ?? "")
    case .near(let value, let tolerance, _): "\(value) ± \(tolerance)"
    case .ulps(let bits, let bytes, let within, _):
      "\(GoldenValue.number(bits, bytes: bytes)) ± \(within) ulp (\(HexFloat.string(bits: bits, bytes: bytes)))"
    case .relative(let value, let tolerance, _): "\(value) ± \(tolerance) of it"
    case .sample(let values, let level, _):
      SampleSummary(values).map {
        "\(NumberText.short($0.mean)) ± \(NumberText.short($0.standardDeviation)) of \($0.count) (level \(level))"
      } ?? "\(values) (level \(level))"
    }
  }

  static func number(_ bits: UInt64, bytes: Int) -> Double {
    bytes == 4 ? Double(Float(bits: bits)) : Double(bits: bits)
  }

  /// The distance between two values of one type, in representable numbers; nil if undefined.
  package func ulps(to other: GoldenValue) -> UInt64? {
    guard let (a, bytes) = pattern, let (b, otherBytes) = other.pattern, bytes == otherBytes else {
      return nil
    }
    return UlpDistance.between(a, b, bytes: bytes)
  }

  /// The bits of a number that is compared by its bits.
  private var pattern: (bits: UInt64, bytes: Int)? {
    switch content {
    case .bits(let bits, let bytes), .ulps(let bits, let bytes, _, _): (bits, bytes)
    case .integer, .text, .series, .near, .relative, .sample: nil
    }
  }
}
