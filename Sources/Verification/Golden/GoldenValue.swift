import Artifacts
import Kernels

/// One named number or text of a golden case.
public struct GoldenValue: Hashable, Sendable {
  /// How a value is compared.
  public enum Content: Hashable, Sendable {
    /// A floating-point number by its bits; `bytes` is 4 or 8.
    case bits(UInt64, bytes: Int)
    /// An integer.
    case integer(Int)
    /// A text, for example a digest.
    case text(String)
    /// A number within `tolerance` of the recorded one, for the reason given.
    case near(Double, tolerance: Double, reason: String)
  }

  /// The name, unique in its case, for example "step 3 loss".
  public var name: String
  /// The value.
  public var content: Content

  /// A value from its parts.
  public init(name: String, content: Content) {
    self.name = name
    self.content = content
  }

  /// A number that must keep every bit.
  public static func exact<Element: Real>(_ name: String, _ value: Element) -> GoldenValue {
    GoldenValue(name: name, content: .bits(value.bits, bytes: MemoryLayout<Element>.size))
  }
  /// An integer.
  public static func integer(_ name: String, _ value: Int) -> GoldenValue {
    GoldenValue(name: name, content: .integer(value))
  }
  /// A digest.
  public static func digest(_ name: String, _ value: Digest) -> GoldenValue {
    GoldenValue(name: name, content: .text(value.hex))
  }
  /// A number that may move by `tolerance`; the reason says why it is not exact and why that far.
  public static func near(_ name: String, _ value: Double, tolerance: Double, because reason: String)
    -> GoldenValue
  {
    precondition(tolerance >= 0, "a tolerance must not be negative, got \(tolerance)")
    return GoldenValue(name: name, content: .near(value, tolerance: tolerance, reason: reason))
  }

  /// Whether `found` agrees with this recorded value; names and kinds must agree too.
  ///
  /// The recorded tolerance decides, so that a run cannot widen its own.
  public func accepts(_ found: GoldenValue) -> Bool {
    guard name == found.name else { return false }
    switch (content, found.content) {
    case (.near(let a, let tolerance, let reason), .near(let b, let other, let otherReason)):
      return (a - b).magnitude <= tolerance && tolerance == other && reason == otherReason
    default: return content == found.content
    }
  }

  /// The value for people: decimal, and bits where bits decide.
  public var text: String {
    switch content {
    case .bits(let bits, let bytes):
      "\(GoldenValue.number(bits, bytes: bytes)) (\(HexFloat.string(bits: bits, bytes: bytes)))"
    case .integer(let value): String(value)
    case .text(let value): value
    case .near(let value, let tolerance, _): "\(value) ± \(tolerance)"
    }
  }

  static func number(_ bits: UInt64, bytes: Int) -> Double {
    bytes == 4 ? Double(Float(bits: bits)) : Double(bits: bits)
  }

  /// Representable numbers between two values of one type; nil where that has no meaning.
  func ulps(to other: GoldenValue) -> UInt64? {
    guard case .bits(let a, let bytes) = content, case .bits(let b, bytes) = other.content else { return nil }
    let values = [GoldenValue.number(a, bytes: bytes), GoldenValue.number(b, bytes: bytes)]
    guard values.allSatisfy(\.isFinite) else { return nil }
    // Sign-magnitude patterns on one line: negative numbers count down from zero.
    let sign: UInt64 = bytes == 4 ? 1 << 31 : 1 << 63
    let places = [a, b].map { $0 & sign == 0 ? sign + $0 : sign - ($0 & ~sign) }
    return max(places[0], places[1]) - min(places[0], places[1])
  }
}
