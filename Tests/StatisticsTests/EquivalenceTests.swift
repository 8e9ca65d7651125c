import EscapementRandomness
import Testing

@testable import EscapementStatistics

/// Equivalence, its power, and what the tests say where there is nothing to find.
@Suite struct EquivalenceTests {
  /// Figures of scipy 1.17: adaptive quadrature of the same integral over χ².
  static let powers: [(own: Double, printed: Double, n: Int, margin: Double, expected: Double)] = [
    (0.4, 0.4, 2, 1, 0.3944607468385462), (0.4, 0.4, 5, 1, 0.7954170725544242),
    (0.4, 0.4, 10, 1, 0.8680136868339101), (0.4, 0.2, 5, 1, 0.9858880405256488),
    (0.9, 0.9, 9, 2, 0.7163143902241346), (0.3, 0.1, 3, 1, 0.9384653049008815),
  ]

  @Test(arguments: powers)
  func power(own: Double, printed: Double, n: Int, margin: Double, expected: Double) throws {
    let setting = try #require(EquivalencePower(spread: own, printedSpread: printed, margin: margin))
    let found = try #require(setting.power(count: n))
    // The stated accuracy.
    #expect(!((found - expected).magnitude > 1e-3), "\(found)")
    #expect(setting.power(count: 1) == nil)
  }

  /// The formula against the test itself: runs around a fixed printed figure whose true mean is theirs.
  @Test func powerIsTheRateOfTheTest() throws {
    let setting = try #require(EquivalencePower(spread: 0.4, printedSpread: 0.4, margin: 1))
    let power = try #require(setting.power(count: 5))
    var stream = RandomStream(seed: 3, purpose: .theory, index: 502)
    let trials = 4000
    var found = 0
    for _ in 0..<trials {
      let printed = 0.4 / 3.0.squareRoot() * stream.normal()
      let runs = SampleSummary((0..<5).map { _ in 0.4 * stream.normal() })!
      let test = EquivalenceTest(runs, printed: printed, std: 0.4, margin: 1)!
      if test.pEquivalent <= 0.05 { found += 1 }
    }
    // Five standard deviations of a binomial rate.
    let bound = 5 * (power * (1 - power) / Double(trials)).squareRoot()
    #expect(!((Double(found) / Double(trials) - power).magnitude > bound), "\(found) of \(trials), \(power)")
  }

  /// More runs are not always better: the degrees of freedom fall to those of the printed mean.
  @Test func powerNeedNotGrow() throws {
    let setting = try #require(EquivalencePower(spread: 0.4, printedSpread: 0.6, margin: 1))
    let five = try #require(setting.power(count: 5))
    let hundred = try #require(setting.power(count: 100))
    #expect(five > 0.1 && hundred < 0.01 && setting.limit == 0)
    let narrow = try #require(EquivalencePower(spread: 0.4, printedSpread: 0.2, margin: 1))
    #expect(narrow.limit > 0.999)
    #expect(try #require(narrow.power(count: 2000)) > 0.999)
  }

  /// The search passes over numbers of runs that the ceiling rules out, so it must not lie below the power.
  @Test func theCeilingIsNotBelowThePower() throws {
    for (own, printed, margin) in [(0.4, 0.4, 1.0), (0.4, 0.6, 1), (1, 0.2, 2), (1, 3.7, 2), (0.1, 0.9, 1.8)]
    {
      let setting = try #require(EquivalencePower(spread: own, printedSpread: printed, margin: margin))
      for n in [2, 3, 4, 5, 8, 13, 40, 100] {
        // `ChiIntegral` is good to 10⁻³.
        #expect(
          setting.ceiling(count: n) + 1e-3 >= (try #require(setting.power(count: n))), "\(printed), n = \(n)")
      }
    }
  }

  @Test func whatNoNumberOfRunsSettles() throws {
    // The poster's cross-entropy tail, 52.3 ± 3.7, at a margin of 2.
    #expect(try #require(EquivalencePower(spread: 1, printedSpread: 3.7, margin: 2)).count() == nil)
    #expect(try #require(EquivalencePower(spread: 0.4, printedSpread: 0.5, margin: 1)).count() == nil)
    let settled = try #require(EquivalencePower(spread: 0.4, printedSpread: 0.4, margin: 1)).count()
    // 0.795 at five runs, 0.82 to 0.83 at six.
    #expect(settled == 6)
    #expect(try #require(EquivalencePower(spread: 0.4, printedSpread: 0.4, margin: 1)).count(cap: 5) == nil)
  }

  /// Few runs with a large spread are never found equivalent, whatever their mean: p stays above α when 2·margin is below the
  /// width of the interval.
  @Test func tinySamplesAreNeverEquivalent() throws {
    var stream = RandomStream(seed: 4, purpose: .theory, index: 503)
    for _ in 0..<400 {
      let center = 3 * stream.normal()
      let runs = try #require(SampleSummary(count: 2, mean: center, standardDeviation: 2 + stream.uniform()))
      let other = try #require(SampleSummary(count: 2, mean: 0, standardDeviation: 2 + stream.uniform()))
      #expect(try #require(EquivalenceTest(runs, other, margin: 1)).pEquivalent > 0.05)
      #expect(try #require(EquivalenceTest(runs, printed: 0, std: nil, margin: 1)).pEquivalent > 0.05)
    }
  }

  /// Equivalence holds and difference holds on opposite sides of the margin, and neither near it.
  @Test func sidesOfTheMargin() throws {
    func test(_ mean: Double) throws -> EquivalenceTest {
      let runs = try #require(SampleSummary(count: 5, mean: 75.5 + mean, standardDeviation: 0.2))
      return try #require(EquivalenceTest(runs, printed: 75.5, std: 0.2, margin: 1))
    }
    for shift in [-0.2, 0, 0.2] {
      #expect(try test(shift).pEquivalent < 0.01 && test(shift).pDifferent > 0.5)
    }
    for shift in [-1, 1.0] {
      #expect(try test(shift).pEquivalent > 0.4 && test(shift).pDifferent > 0.4)
    }
    for shift in [-2.0, 2] {
      #expect(try test(shift).pEquivalent > 0.9 && test(shift).pDifferent < 0.01)
    }
    // Without a printed spread the runs' own stands for it: 0.2·√(1/5 + 1/3) on 4 degrees of freedom.
    let own = try #require(
      EquivalenceTest(
        SampleSummary(count: 5, mean: 75, standardDeviation: 0.2)!, printed: 75.5, std: nil, margin: 1))
    #expect(own.test.degreesOfFreedom == 4)
    #expect(!((own.test.standardError - 0.2 * (8.0 / 15).squareRoot()).magnitude > 1e-15))
  }

  /// Welch's test at α = 0.05 on equal means with unequal spreads and sizes: its rate of false alarms.
  @Test func falseAlarmsOfWelch() throws {
    var stream = RandomStream(seed: 5, purpose: .theory, index: 504)
    let trials = 4000
    var twoSided = 0
    var above = 0
    for _ in 0..<trials {
      let x = (0..<8).map { _ in 75 + 0.3 * stream.normal() }
      let y = (0..<5).map { _ in 75 + 0.9 * stream.normal() }
      let test = try #require(WelchTest(x, y))
      if test.pTwoSided <= 0.05 { twoSided += 1 }
      if test.pAbove() <= 0.05 { above += 1 }
    }
    // Five binomial standard deviations, and 0.005 for Welch's approximation at these sizes.
    let bound = 5 * (0.05 * 0.95 / Double(trials)).squareRoot() + 0.005
    for count in [twoSided, above] {
      #expect(!((Double(count) / Double(trials) - 0.05).magnitude > bound), "\(count) of \(trials)")
    }
  }

  /// Means that differ by exactly the margin are found equivalent no oftener than α.
  @Test func falseAlarmsOfEquivalence() throws {
    var stream = RandomStream(seed: 6, purpose: .theory, index: 505)
    let trials = 4000
    var found = 0
    for _ in 0..<trials {
      let x = SampleSummary((0..<6).map { _ in 1 + 0.4 * stream.normal() })!
      let y = SampleSummary((0..<6).map { _ in 0.4 * stream.normal() })!
      if try #require(EquivalenceTest(x, y, margin: 1)).pEquivalent <= 0.05 { found += 1 }
    }
    let bound = 0.05 + 5 * (0.05 * 0.95 / Double(trials)).squareRoot()
    #expect(!(Double(found) / Double(trials) > bound), "\(found) of \(trials)")
    #expect(found > trials / 50, "the test must reach its level where the spread is small")
  }
}
