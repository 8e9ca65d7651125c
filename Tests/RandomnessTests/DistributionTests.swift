import CEscapementKernels
import Foundation
import EscapementRandomness
import Testing

/// Moments are compared within five standard errors and the Kolmogorov–Smirnov distance within 2.5/√n, which
/// sound generators exceed with probability below 6e-7 and 2·exp(-2·2.5²) = 8e-6; the seeds are fixed.
@Suite struct DistributionTests {
  static let count = 32768

  static func kolmogorovSmirnov(_ sample: [Double], _ cumulative: (Double) -> Double) -> Double {
    let n = Double(sample.count)
    return sample.sorted().enumerated().map { rank, x in
      max(abs(cumulative(x) - Double(rank) / n), abs(Double(rank + 1) / n - cumulative(x)))
    }.max() ?? .infinity
  }

  static func agrees(_ value: Double, _ expected: Double, within bound: Double) -> Bool {
    abs(value - expected) <= bound
  }

  @Test func uniformsAreUniform() {
    var stream = RandomStream(seed: 11, purpose: .theory)
    let sample = (0..<Self.count).map { _ in stream.uniform() }
    let n = Double(Self.count)
    let mean = sample.reduce(0, +) / n
    let variance = sample.map { ($0 - 0.5) * ($0 - 0.5) }.reduce(0, +) / n
    #expect(sample.allSatisfy { $0 >= 0 && $0 < 1 && ($0 * 0x1p53).rounded() == $0 * 0x1p53 })
    #expect(Self.agrees(mean, 0.5, within: 5 * (1 / 12.0 / n).squareRoot()))
    // The variance of (u − ½)² is 1/80 − 1/144 = 1/180.
    #expect(Self.agrees(variance, 1 / 12.0, within: 5 * (1 / 180.0 / n).squareRoot()))
    #expect(Self.agrees(Self.kolmogorovSmirnov(sample) { $0 }, 0, within: 2.5 / n.squareRoot()))
  }

  @Test func normalsAreNormal() {
    var sample = [Double](repeating: 0, count: Self.count)
    RandomStream(seed: 12, purpose: .theory).fillNormals(type: EK_F64, count: Self.count, into: &sample)
    let n = Double(Self.count)
    let mean = sample.reduce(0, +) / n
    let variance = sample.map { $0 * $0 }.reduce(0, +) / n
    let fourth = sample.map { $0 * $0 * $0 * $0 }.reduce(0, +) / n
    #expect(Self.agrees(mean, 0, within: 5 / n.squareRoot()))
    // Var z² = 3 − 1, Var z⁴ = 105 − 9.
    #expect(Self.agrees(variance, 1, within: 5 * (2 / n).squareRoot()))
    #expect(Self.agrees(fourth, 3, within: 5 * (96 / n).squareRoot()))
    let distance = Self.kolmogorovSmirnov(sample) { 0.5 * erfc(-$0 / 2.0.squareRoot()) }
    #expect(Self.agrees(distance, 0, within: 2.5 / n.squareRoot()))
    // Serial independence: the mean of z_i z_{i+1} has variance 1/n.
    let lagged = zip(sample, sample.dropFirst()).map(*).reduce(0, +) / n
    #expect(Self.agrees(lagged, 0, within: 5 / n.squareRoot()))
  }

  @Test func uniformFillAgreesWithScalarDraws() {
    var scalar = RandomStream(seed: 13, purpose: .probe, index: 9)
    var doubles = [Double](repeating: .nan, count: 300)
    var floats = [Float](repeating: .nan, count: 300)
    scalar.fillUniforms(type: EK_F64, count: 300, bound: 0.3, into: &doubles)
    scalar.fillUniforms(type: EK_F32, count: 300, bound: 0.3, into: &floats)
    for index in 0..<300 {
      let draw = (2 * scalar.uniform() - 1) * 0.3
      #expect(doubles[index] == draw && floats[index] == Float(draw))
    }
    // After draws of its own a stream goes on where it stands.
    scalar.fillUniforms(type: EK_F64, count: 1, bound: 1, into: &doubles)
    #expect(doubles[0] == 2 * scalar.uniform() - 1)
  }

  @Test func fillAgreesWithScalarDraws() {
    var scalar = RandomStream(seed: 13, purpose: .probe, index: 9)
    var doubles = [Double](repeating: .nan, count: 300)
    var floats = [Float](repeating: .nan, count: 300)
    scalar.fillNormals(type: EK_F64, count: 300, into: &doubles)
    scalar.fillNormals(type: EK_F32, count: 300, into: &floats)
    for index in 0..<300 {
      let draw = scalar.normal()
      #expect(draw.bitPattern == doubles[index].bitPattern)
      #expect(Float(draw).bitPattern == floats[index].bitPattern)
    }
  }

  @Test func integersAreUnbiased() {
    var stream = RandomStream(seed: 14, purpose: .theory)
    for below in [1, 2, 3, 10, 100] {
      var counts = [Int](repeating: 0, count: below)
      let draws = 6000
      for _ in 0..<draws { counts[stream.integer(below: below)] += 1 }
      let expected = Double(draws) / Double(below)
      // A count is binomial with a variance below its mean; 6 sigma covers the maximum over 116 cells.
      #expect(
        counts.allSatisfy {
          Self.agrees(Double($0), expected, within: below == 1 ? 0 : 6 * expected.squareRoot())
        })
    }
  }

  @Test func permutationsArePermutations() {
    for n in [0, 1, 2, 17, 1000] {
      var stream = RandomStream(seed: 15, purpose: .order, index: UInt64(n))
      #expect(stream.permutation(n).sorted() == Array(0..<n))
    }
    // Each of the 6 orders of three is as likely: 5 sigma of a binomial count of mean 500 (variance below 500).
    var counts: [[Int]: Int] = [:]
    for index in 0..<3000 {
      var stream = RandomStream(seed: 16, purpose: .order, index: UInt64(index))
      counts[stream.permutation(3), default: 0] += 1
    }
    #expect(counts.count == 6)
    #expect(counts.values.allSatisfy { Self.agrees(Double($0), 500, within: 5 * 500.0.squareRoot()) })
  }
}
