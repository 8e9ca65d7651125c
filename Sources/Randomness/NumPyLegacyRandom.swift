/// NumPy's legacy generator and shuffle, bit for bit: `numpy.random.seed(s)` and `numpy.random.shuffle`.
///
/// MT19937 (Matsumoto & Nishimura 1998) with the scalar initialization of 2002. NumPy keeps this stream unchanged, and
/// the published long-tailed subsets are defined by it.
public struct NumPyLegacyRandom: Sendable {
  private static let size = 624
  private var state: [UInt32]
  private var position = size

  /// The generator after `numpy.random.seed(seed)`.
  public init(seed: UInt32) {
    state = []
    state.reserveCapacity(Self.size)
    var word = seed
    for p in 0..<UInt32(Self.size) {
      state.append(word)
      word = 1_812_433_253 &* (word ^ (word >> 30)) &+ p &+ 1
    }
  }

  /// The next 32 bits.
  public mutating func next() -> UInt32 {
    if position == Self.size { regenerate() }
    var y = state[position]
    position += 1
    y ^= y >> 11
    y ^= (y << 7) & 0x9d2c_5680
    y ^= (y << 15) & 0xefc6_0000
    return y ^ (y >> 18)
  }

  private mutating func regenerate() {
    for k in 0..<Self.size {
      let y = (state[k] & 0x8000_0000) | (state[(k + 1) % Self.size] & 0x7fff_ffff)
      state[k] = state[(k + 397) % Self.size] ^ (y >> 1) ^ (y & 1 == 0 ? 0 : 0x9908_b0df)
    }
    position = 0
  }

  /// Shuffles in place from the end; each index is drawn by masked rejection, as the legacy shuffle does.
  public mutating func shuffle<Value>(_ values: inout [Value]) {
    for i in stride(from: values.count - 1, to: 0, by: -1) {
      let mask = UInt32.max >> UInt32(i).leadingZeroBitCount
      var candidate = next() & mask
      while candidate > UInt32(i) { candidate = next() & mask }
      values.swapAt(i, Int(candidate))
    }
  }
}
