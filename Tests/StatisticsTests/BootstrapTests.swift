import EscapementKernels
import EscapementRandomness
import Testing

@testable import EscapementStatistics

@Suite struct BootstrapTests {
  /// −log of uniforms: exponentials of mean 1, a skewed sample with known moments.
  static func exponentials(_ count: Int, index: UInt64) -> [Double] {
    var stream = RandomStream(seed: 77, purpose: .theory, index: index)
    return Tensor((0..<count).map { _ in 1 - stream.uniform() }).map(.log).map(.negate).elements
  }

  static func normals(_ count: Int, index: UInt64) -> [Double] {
    var stream = RandomStream(seed: 78, purpose: .theory, index: index)
    return (0..<count).map { _ in stream.normal() }
  }

  @Test func resamplesAreAPureFunctionOfTheirArguments() {
    let first = Bootstrap(rows: 20, resamples: 50, seed: 1)
    let same = Bootstrap(rows: 20, resamples: 50, seed: 1)
    let longer = Bootstrap(rows: 20, resamples: 60, seed: 1)
    let other = Bootstrap(rows: 20, resamples: 50, seed: 2)
    var differing = 0
    for i in 0..<50 {
      let counts = first.multiplicities(ofResample: i)
      #expect(counts == same.multiplicities(ofResample: i) && counts == longer.multiplicities(ofResample: i))
      #expect(counts.reduce(0, +) == 20)
      if counts != other.multiplicities(ofResample: i) { differing += 1 }
    }
    #expect(differing >= 49)
  }

  /// Each row is drawn Binomial(n, 1/n) times in a resample: mean 1, variance 1 − 1/n, none preferred.
  @Test(arguments: [3, 7, 33]) func drawsAreUnbiased(rows: Int) {
    let resamples = 2000
    let bootstrap = Bootstrap(rows: rows, resamples: resamples, seed: 3)
    var sums = [Double](repeating: 0, count: rows)
    var squares = 0.0
    for i in 0..<resamples {
      let counts = bootstrap.multiplicities(ofResample: i)
      for (row, count) in counts.enumerated() {
        sums[row] += count
        squares += (count - 1) * (count - 1)
      }
    }
    let variance = 1 - 1 / Double(rows)
    let total = Double(resamples)
    // Five standard errors, a chance of 6·10⁻⁷ for each row.
    for sum in sums { #expect(abs(sum / total - 1) <= 5 * (variance / total).squareRoot()) }
    // The fourth central moment of a Binomial(n, 1/n) is below 4, and rows of one resample are all but independent.
    let spread = squares / (total * Double(rows))
    #expect(abs(spread - variance) <= 5 * (4 / total).squareRoot())
  }

  /// The bootstrap's standard error of a mean is the plug-in one, √(Σ(x − x̄)²)/n, but for its own sampling.
  @Test func standardErrorOfAMean() throws {
    let x = Self.exponentials(80, index: 1)
    let estimate = Bootstrap(rows: 80, seed: 4).estimate(x.map { [$0] }) { $0[0] / 80 }
    let mean = x.reduce(0, +) / 80
    let plugIn = (x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }).squareRoot() / 80
    // The standard deviation of 2000 nearly normal values is known to 1/√4000 of itself; five of those.
    #expect(abs(try #require(estimate.standardError) / plugIn - 1) <= 5 / 4000.0.squareRoot())
    // 80 roundings of sums of size 80, over 80.
    #expect(abs(estimate.value - mean) <= 80 * Double.ulpOfOne * mean)
  }

  /// For a mean, the jackknife's acceleration is Σ(x − x̄)³/(6(Σ(x − x̄)²)^(3/2)).
  @Test func accelerationOfAMean() {
    let x = [0.0, 1, 5]
    let jackknife = x.map { (6 - $0) / 2 }
    // Deviations −2, −1 and 3: Σd² = 14, Σd³ = 18.
    #expect(abs(Bootstrap.acceleration(jackknife) - 18 / (6 * 14 * 14.0.squareRoot())) <= 1e-15)
    #expect(Bootstrap.acceleration([2, 2, 2]) == 0)
  }

  /// On a skewed sample both ends of the BCa interval lie above the percentile interval's.
  @Test func skewMovesTheInterval() throws {
    let x = Self.exponentials(30, index: 2)
    let bootstrap = Bootstrap(rows: 30, resamples: 1000, seed: 5)
    let estimate = bootstrap.estimate(x.map { [$0] }) { $0[0] / 30 }
    let means = (0..<1000).map { i in
      zip(bootstrap.multiplicities(ofResample: i), x).reduce(0) { $0 + $1.0 * $1.1 } / 30
    }.sorted()
    let interval = try #require(estimate.interval)
    #expect(interval.lowerBound > means[24] && interval.upperBound > means[975])
    // And it is not the reverse image of a wrong sign: the negated sample has the mirrored interval.
    let mirrored = try #require(bootstrap.estimate(x.map { [-$0] }) { $0[0] / 30 }.interval)
    #expect(abs(mirrored.lowerBound + interval.upperBound) <= 1e-9)
    #expect(abs(mirrored.upperBound + interval.lowerBound) <= 1e-9)
  }

  /// The ends are the order statistics of the levels Φ(z₀ + (z₀ ± z)/(1 − a(z₀ ± z))), put together from their definition.
  @Test func endsFollowTheDefinition() throws {
    let x = Self.exponentials(14, index: 3) + [6]
    let bootstrap = Bootstrap(rows: 15, resamples: 999, seed: 8)
    let interval = try #require(bootstrap.estimate(x.map { [$0] }) { $0[0] / 15 }.interval)
    let mean = x.reduce(0, +) / 15
    let means = (0..<999).map { i in
      zip(bootstrap.multiplicities(ofResample: i), x).reduce(0) { $0 + $1.0 * $1.1 } / 15
    }.sorted()
    let bias = NormalDistribution.quantile(Double(means.count { $0 < mean }) / 999)
    let squares = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let cubes = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) * ($1 - mean) }
    let acceleration = cubes / (6 * squares * squares.squareRoot())
    #expect(acceleration > 0.03)
    func end(_ z: Double) -> Double {
      1000 * NormalDistribution.probability(below: bias + (bias + z) / (1 - acceleration * (bias + z)))
    }
    let z = NormalDistribution.quantile(0.975)
    // The sums run in another order: 15 roundings of sums of size 15 or so.
    #expect(abs(interval.lowerBound - means[Int(end(-z).rounded(.down)) - 1]) <= 1e-12)
    #expect(abs(interval.upperBound - means[Int(end(z).rounded(.up)) - 1]) <= 1e-12)
  }

  /// How often 95 % intervals cover over 200 samples, of which 190 are expected.
  ///
  /// Below 174 or at 200 of 200 are events of probability 3·10⁻⁴ and 4·10⁻⁵ at a true coverage of 0.93 and 0.95, what
  /// samples of 60 should reach for means and ratios.
  @Test(arguments: ["mean", "ratio", "correlated ratio", "normal"]) func coverage(kind: String) {
    let rows = 60
    let bootstrap = Bootstrap(rows: rows, resamples: 400, seed: 6)
    var covered = 0
    for trial in 0..<200 {
      let (a, b) = (
        Self.exponentials(rows, index: UInt64(10 + 2 * trial)),
        Self.exponentials(rows, index: UInt64(11 + 2 * trial))
      )
      switch kind {
      case "mean":
        if bootstrap.estimate(a.map { [$0] }, of: { $0[0] / Double(rows) }).holds(1) { covered += 1 }
      case "ratio":
        if bootstrap.estimate(zip(a, b).map { [3 * $0, $1] }, of: { $0[0] / $0[1] }).holds(3) {
          covered += 1
        }
      case "correlated ratio":
        // E(a + b)/E a = 2, numerator and denominator of one row.
        if bootstrap.estimate(zip(a, b).map { [$0 + $1, $0] }, of: { $0[0] / $0[1] }).holds(2) {
          covered += 1
        }
      default:
        let x = Self.normals(rows, index: UInt64(10 + trial))
        if bootstrap.estimate(x.map { [$0] }, of: { $0[0] / Double(rows) }).holds(0) { covered += 1 }
      }
    }
    #expect((174...199).contains(covered), "\(kind): \(covered) of 200")
  }

  @Test func degenerateSamples() throws {
    let bootstrap = Bootstrap(rows: 5, resamples: 100, seed: 7)
    // Paired rows of one ratio: every resample has it, and the interval is that point.
    let exact = bootstrap.estimate((1...5).map { [2 * Double($0), Double($0)] }) { $0[0] / $0[1] }
    #expect(exact.interval == 2...2 && exact.standardError == 0 && exact.holds(2) && !exact.isAbove(2))
    #expect(exact.isAbove(1.5))
    let undefined = bootstrap.estimate(Array(repeating: [0, 0], count: 5)) { $0[0] / $0[1] }
    #expect(undefined.value.isNaN && undefined.interval == nil && undefined.standardError == nil)
    #expect(!undefined.isAbove(-.infinity) && !undefined.holds(0))
    // Defined on the sample, not on a resample without its one row that is not zero.
    let fragile = bootstrap.estimate([[1, 1], [0, 0], [0, 0], [0, 0], [0, 0]]) { $0[0] / $0[1] }
    #expect(fragile.value == 1 && fragile.interval == nil)
    let single = Bootstrap(rows: 1, resamples: 100, seed: 7).estimate([[4]]) { $0[0] }
    #expect(single.value == 4 && single.interval == nil)
  }
}
