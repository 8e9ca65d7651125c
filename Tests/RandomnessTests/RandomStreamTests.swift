import CEscapementKernels
import Foundation
import EscapementRandomness
import Testing

@Suite("Counter-based streams")
struct RandomStreamTests {
  @Test("Philox4x32-10 gives the published known answers")
  func knownAnswers() {
    // Random123's kat_vectors: counter, key, output.
    let vectors: [([UInt32], [UInt32], [UInt32])] = [
      ([0, 0, 0, 0], [0, 0], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
      (
        [.max, .max, .max, .max], [.max, .max], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
      ),
      (
        [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0],
        [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
      ),
    ]
    for (counter, key, expected) in vectors {
      var output = [UInt32](repeating: 0, count: 4)
      ek_philox4x32(counter, key, &output)
      #expect(output == expected)
    }
  }

  @Test("a stream is a pure function of seed, purpose, index and draw")
  func pure() {
    func draws(_ seed: UInt64, _ purpose: Purpose, _ index: UInt64) -> [UInt64] {
      var stream = RandomStream(seed: seed, purpose: purpose, index: index)
      return (0..<4).map { _ in stream.nextWordPair() }
    }
    var seen: Set<[UInt64]> = []
    for seed: UInt64 in [0, 1, 1 << 32, .max] {
      for purpose in Purpose.allCases {
        for index: UInt64 in [0, 1, 1 << 32, (1 << 56) - 1] {
          #expect(draws(seed, purpose, index) == draws(seed, purpose, index))
          #expect(seen.insert(draws(seed, purpose, index)).inserted, "two streams agree")
        }
      }
    }
  }

  @Test("filled normals are the stream's own draws, rounded once")
  func fill() {
    let stream = RandomStream(seed: 3, purpose: .probe, index: 5)
    var scalar = stream
    let expected = (0..<100).map { _ in scalar.normal() }
    var doubles = [Double](repeating: 0, count: 100)
    var floats = [Float](repeating: 0, count: 100)
    doubles.withUnsafeMutableBytes { stream.fillNormals(type: EK_F64, count: 100, into: $0.baseAddress!) }
    floats.withUnsafeMutableBytes { stream.fillNormals(type: EK_F32, count: 100, into: $0.baseAddress!) }
    #expect(doubles == expected)
    #expect(floats == expected.map(Float.init))
  }

  @Test("uniforms and normals pass Kolmogorov–Smirnov at the fixed seed")
  func kolmogorovSmirnov() {
    let n = 20_000
    var stream = RandomStream(seed: 17, purpose: .theory)
    let uniforms = (0..<n).map { _ in stream.uniform() }
    let normals = (0..<n).map { _ in stream.normal() }.map { 0.5 * erfc(-$0 / 2.0.squareRoot()) }
    for sample in [uniforms, normals] {
      let sorted = sample.sorted()
      let distance = sorted.enumerated().map {
        max($1 - Double($0) / Double(n), Double($0 + 1) / Double(n) - $1)
      }.max()!
      // The asymptotic bound of significance 1e-6: √(ln(2/1e-6) / 2n).
      #expect(distance <= (log(2e6) / (2 * Double(n))).squareRoot())
      #expect(sorted[0] >= 0 && sorted[n - 1] < 1)
    }
  }

  @Test("the normal quantile inverts the distribution function")
  func quantile() {
    // erfc is accurate to a few ulp; its inverse amplifies relative errors of p by p / (z·φ) ≤ 1.3 in z's units.
    for exponent in stride(from: -300.0, through: -0.4, by: 3.7) {
      let p = pow(10, exponent)
      let z = ek_normal_quantile(p)
      let back = 0.5 * erfc(-z / 2.0.squareRoot())
      // |dp/p| = z²·|dz/z| to first order for z < -1: 16 ulp of z, plus 16 of erfc.
      #expect(abs(back / p - 1) <= 16 * Double.ulpOfOne * (1 + z * z), "p = \(p)")
    }
    #expect(ek_normal_quantile(0.5) == 0)
    // 1 - p is exact for p a multiple of 2⁻⁵³, and the two tails are one formula.
    for k in 1..<1000 {
      let p = Double(k) * 0x1p-10
      #expect(ek_normal_quantile(p) == -ek_normal_quantile(1 - p) || p == 0.5)
    }
  }

  @Test("integers and permutations are unbiased")
  func permutations() {
    var counts = [Int](repeating: 0, count: 24)
    let trials = 24_000
    for i in 0..<trials {
      var stream = RandomStream(seed: 4, purpose: .order, index: UInt64(i))
      let p = stream.permutation(4)
      #expect(p.sorted() == [0, 1, 2, 3])
      counts[p[0] * 6 + (p[1] - (p[1] > p[0] ? 1 : 0)) * 2 + (p[2] < p[3] ? 0 : 1)] += 1
    }
    // χ² with 23 degrees of freedom exceeds 75 with probability below 2e-7.
    let expected = Double(trials) / 24
    let statistic = counts.reduce(0.0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
    #expect(statistic < 75)
    var stream = RandomStream(seed: 4, purpose: .theory)
    #expect((0..<100).allSatisfy { _ in stream.integer(below: 1) == 0 })
    #expect(RandomStream(seed: 1, purpose: .order).permuted(0) == [])
  }
}

extension RandomStream {
  fileprivate func permuted(_ n: Int) -> [Int] {
    var copy = self
    return copy.permutation(n)
  }
}
