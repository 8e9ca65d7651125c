import EscapementKernels

/// Distances in units in the last place.
enum UlpDistance {
  /// The representable numbers from one of two numbers of `bytes` bytes (4 or 8) to the other; nil where one of them is
  /// not finite.
  static func between(_ a: UInt64, _ b: UInt64, bytes: Int) -> UInt64? {
    guard [a, b].allSatisfy({ GoldenValue.number($0, bytes: bytes).isFinite }) else { return nil }
    // Sign-magnitude patterns on one line: negative numbers count down from zero.
    let sign: UInt64 = bytes == 4 ? 1 << 31 : 1 << 63
    let places = [a, b].map { $0 & sign == 0 ? sign + $0 : sign - ($0 & ~sign) }
    return max(places[0], places[1]) - min(places[0], places[1])
  }
}
