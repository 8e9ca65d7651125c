import EscapementKernels

/// Distances in units in the last place.
enum UlpDistance {
  /// The largest distance that is printed as a number. Two numbers that are farther apart share fewer than three digits
  /// in single precision: they are two results, and the exact distance says nothing.
  static let largestPrinted: UInt64 = 1 << 20

  /// "3 ulp apart", or "over 2^20 ulp apart".
  static func text(_ distance: UInt64) -> String {
    distance > largestPrinted ? "over 2^20 ulp apart" : "\(distance) ulp apart"
  }

  /// The distance between two numbers of `bytes` bytes (4 or 8), in representable numbers; nil if one of them is not
  /// finite.
  static func between(_ a: UInt64, _ b: UInt64, bytes: Int) -> UInt64? {
    guard [a, b].allSatisfy({ GoldenValue.number($0, bytes: bytes).isFinite }) else { return nil }
    // Map sign-magnitude patterns to an ordered integer line: negative numbers count down from zero.
    let sign: UInt64 = bytes == 4 ? 1 << 31 : 1 << 63
    let places = [a, b].map { $0 & sign == 0 ? sign + $0 : sign - ($0 & ~sign) }
    return max(places[0], places[1]) - min(places[0], places[1])
  }
}
