/// Floating-point numbers written as their IEEE bit patterns ("0x3f800000" is Float 1).
///
/// Exact goldens compare these patterns; a decimal beside a pattern is for readers only.
public enum HexFloat {
  /// Eight digits.
  public static func string(_ value: Float) -> String {
    string(bits: UInt64(value.bitPattern), bytes: 4)
  }

  /// Sixteen digits.
  public static func string(_ value: Double) -> String {
    string(bits: value.bitPattern, bytes: 8)
  }

  /// The pattern of a number of `bytes` bytes, with leading zeros.
  public static func string(bits: UInt64, bytes: Int) -> String {
    let digits = String(bits, radix: 16)
    precondition(digits.count <= 2 * bytes, "0x\(digits) does not fit \(bytes) bytes")
    return "0x" + String(repeating: "0", count: 2 * bytes - digits.count) + digits
  }

  /// The Float with the pattern that `text` gives as "0x" and eight digits; nil for other text.
  public static func float(_ text: String) -> Float? {
    bits(text, bytes: 4).map { Float(bitPattern: UInt32($0)) }
  }

  /// The Double with the pattern that `text` gives as "0x" and sixteen digits; nil for other text.
  public static func double(_ text: String) -> Double? {
    bits(text, bytes: 8).map { Double(bitPattern: $0) }
  }

  private static func bits(_ text: String, bytes: Int) -> UInt64? {
    guard text.hasPrefix("0x"), text.utf8.count == 2 + 2 * bytes else { return nil }
    let digits = text.dropFirst(2)
    // Swift accepts a sign in a number; a pattern has none.
    return digits.allSatisfy(\.isHexDigit) ? UInt64(digits, radix: 16) : nil
  }
}
