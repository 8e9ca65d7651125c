import CEscapementKernels

/// The purpose of a stream of random numbers; streams of different purposes never share a number.
public enum Purpose: UInt32, Sendable, CaseIterable {
  case initialization = 1
  case order, augmentation, probe, fixture, theory, direction, perturbation, resampling, bootstrap
}

/// Random numbers as a pure function of (seed, purpose, index, draw): Philox4x32-10 with the seed as its key.
///
/// Draw i of a stream is block i of the counter (i low, i high, index low, index high and purpose), of which words 0
/// and 1 are used. A draw therefore depends neither on the number of draws made elsewhere nor on threads or order.
public struct RandomStream: Sendable {
  private let seed: UInt64
  private let word2: UInt32
  private let word3: UInt32
  private var draw: UInt64 = 0

  /// The stream of a seed, a purpose and an index below 2⁵⁶.
  public init(seed: UInt64, purpose: Purpose, index: UInt64 = 0) {
    precondition(index >> 56 == 0, "stream index \(index) is not below 2^56")
    self.seed = seed
    word2 = UInt32(truncatingIfNeeded: index)
    word3 = UInt32(truncatingIfNeeded: index >> 32) << 8 | purpose.rawValue
  }

  /// The 64 bits of the next draw.
  public mutating func nextWordPair() -> UInt64 {
    var counter = [UInt32(truncatingIfNeeded: draw), UInt32(truncatingIfNeeded: draw >> 32), word2, word3]
    let key = [UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)]
    ek_philox4x32(counter, key, &counter)
    draw += 1
    return UInt64(counter[1]) << 32 | UInt64(counter[0])
  }

  /// 32 uniform bits, one draw.
  public mutating func nextWord() -> UInt32 { UInt32(truncatingIfNeeded: nextWordPair()) }

  /// Uniform in [0, 1), a multiple of 2⁻⁵³, one draw.
  public mutating func uniform() -> Double { Double(nextWordPair() >> 11) * 0x1p-53 }

  /// Uniform in 0..<n without bias: draws below the smallest power of two that is at least n are repeated until one is
  /// below n.
  public mutating func integer(below n: Int) -> Int {
    precondition(n >= 1, "an integer below \(n) does not exist")
    let mask = n == 1 ? 0 : UInt64.max >> UInt64(n - 1).leadingZeroBitCount
    while true {
      let candidate = nextWordPair() & mask
      if candidate < UInt64(n) { return Int(candidate) }
    }
  }

  /// A standard normal by the inverse distribution function, one draw.
  public mutating func normal() -> Double {
    var value = 0.0
    ek_normals(EK_F64, seed, word2, word3, draw, 1, &value)
    draw += 1
    return value
  }

  /// A uniform permutation of 0..<n (Fisher–Yates from the end).
  public mutating func permutation(_ n: Int) -> [Int] {
    var order = Array(0..<n)
    for i in stride(from: n - 1, to: 0, by: -1) { order.swapAt(i, integer(below: i + 1)) }
    return order
  }

  /// Writes the normals of the next `count` draws, each rounded once to the element type.
  public func fillNormals(type: ek_type, count: Int, into target: UnsafeMutableRawPointer) {
    ek_normals(type, seed, word2, word3, draw, count, target)
  }

  /// Writes (2u − 1)·`bound` for the uniforms u of the next `count` draws, each rounded once to the element type.
  public func fillUniforms(
    type: ek_type, count: Int, bound: Double, into target: UnsafeMutableRawPointer
  ) {
    ek_uniforms(type, seed, word2, word3, draw, count, bound, target)
  }
}
