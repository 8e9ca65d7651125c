import EscapementKernels

/// Seeded numbers for tests, chosen so that another order of operations gives different bits.
public struct TestNumbers: Sendable {
  /// The kind of numbers.
  public enum Kind: Sendable, CaseIterable {
    /// Random significands and signs, exponents −6…6.
    case ordinary
    /// Denormals and numbers whose products are denormal.
    case tiny
    /// Ordinary numbers, of which one in 16 is an edge: ±0, ±∞, NaN, the smallest and largest magnitudes.
    case edges
    /// Small whole numbers, so that ties occur.
    case whole
    /// Zeros and smallest denormals of both signs, and ones: for sums in which only the sign of a zero matters.
    case signs
  }

  private var state: UInt64

  /// A stream of numbers.
  public init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  /// 64 random bits (SplitMix64; Steele, Lea and Flood 2014).
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// An element of `choices`.
  public mutating func pick<T>(_ choices: [T]) -> T { choices[Int(next() % UInt64(choices.count))] }

  /// Zeros, infinities, NaN, and the smallest and largest magnitudes of a type, with both signs.
  public static func edges<E: Real>(_ type: E.Type) -> [E] {
    let magnitudes: [E] = [
      0, .infinity, .nan, .leastNonzeroMagnitude, .leastNormalMagnitude, .leastNormalMagnitude.nextDown,
      .greatestFiniteMagnitude, 1,
    ]
    return magnitudes + magnitudes.map { -$0 }
  }

  /// `count` numbers of one kind.
  public mutating func values<E: Real>(_ count: Int, _ kind: Kind = .ordinary) -> [E] {
    var result: [E] = []
    result.reserveCapacity(count)
    let bias = (1 << (E.exponentBitCount - 1)) - 1
    let significand: UInt64 = (1 << UInt64(E.significandBitCount)) - 1
    let signShift = UInt64(E.significandBitCount + E.exponentBitCount)
    let edges = Self.edges(E.self)
    for _ in 0..<count {
      let r = next()
      let sign = (r >> 63) << signShift
      let small = Int(r >> 52 & 0xFF)
      var exponent = bias - 6 + small % 13
      switch kind {
      case .ordinary: break
      // From the denormals to the square root of the smallest normal number, and a few ordinary numbers.
      case .tiny: exponent = [0, 0, 1, bias / 2 - 8 + small % 8, bias / 2, exponent][small % 6]
      case .edges:
        if small % 16 == 0 {
          result.append(edges[Int(r >> 40 & 0xFF) % edges.count])
          continue
        }
      case .whole:
        result.append(E(small % 5) - 2)
        continue
      case .signs:
        let magnitude: E = [0, 0, .leastNonzeroMagnitude, .leastNonzeroMagnitude, 1][small % 5]
        result.append(r >> 63 == 0 ? magnitude : -magnitude)
        continue
      }
      result.append(E(bits: sign | UInt64(exponent) << UInt64(E.significandBitCount) | (r & significand)))
    }
    return result
  }
}
