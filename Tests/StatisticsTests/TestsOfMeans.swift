import EscapementRandomness
import Testing

@testable import EscapementStatistics

/// The tests of means against figures of other software, closed forms, tables and brute force.
@Suite struct TestStatisticTests {
  static func expectClose(_ found: Double, _ expected: Double, relative: Double, _ name: String) {
    let difference = (found - expected).magnitude
    #expect(
      !(difference.isNaN || difference > relative * expected.magnitude),
      "\(name): \(found), expected \(expected)")
  }

  /// P(T ≥ t) for t = 0.001, 0.7, 2.5 and 12, from mpmath's incomplete beta with 40 digits.
  static let tails: [(Double, [Double])] = [
    (0.5, [0.49973032383424382, 0.34270033126038327, 0.20048526452664659, 0.09253026053460106]),
    (1, [0.49968169021991944, 0.30559988778578522, 0.1211189415908434, 0.026464676059589875]),
    (1.5, [0.49965926511335987, 0.28821912044134332, 0.084903251307348032, 0.009021014637013932]),
    (2.345, [0.49964041601934036, 0.27345578586477412, 0.055617460392896391, 0.0018522744055160714]),
    (3.7, [0.49962683852954316, 0.26271302697158802, 0.035911011455913386, 0.00021339369969062251]),
    (4.25, [0.49962365567993635, 0.26017889176631268, 0.031561628703880233, 9.7193212764530056e-5]),
    (10.5, [0.49961043035668178, 0.24957142721658647, 0.015213136320544282, 9.1651510377753823e-8]),
    (33.3, [0.49960404118878469, 0.24439457402675462, 0.0087588054396099027, 6.1163800802177718e-14]),
    (200.25, [0.499601555528785, 0.2423698592221151, 0.0066110786312429487, 1.1921894015225768e-25]),
    (1000.5, [0.49960115745939596, 0.2420450163219718, 0.006289244014724108, 2.1572892429811665e-31]),
  ]

  @Test func studentTails() {
    for (freedom, row) in Self.tails {
      let tails = StudentT(degreesOfFreedom: freedom)
      for (t, expected) in zip([0.001, 0.7, 2.5, 12], row) {
        // The stated bound.
        Self.expectClose(tails.upper(t), expected, relative: 1e-12, "ν = \(freedom), t = \(t)")
        Self.expectClose(tails.lower(-t), expected, relative: 1e-12, "ν = \(freedom), −t = \(t)")
        Self.expectClose(tails.lower(t), 1 - expected, relative: 1e-12, "ν = \(freedom), below \(t)")
        Self.expectClose(tails.twoSided(-t), 2 * expected, relative: 1e-12, "two-sided")
      }
    }
    // One and two degrees of freedom have P(T ≥ 1) = ¼ and ½ − 1/(2√3).
    Self.expectClose(StudentT(degreesOfFreedom: 1).upper(1), 0.25, relative: 1e-13, "Cauchy")
    Self.expectClose(
      StudentT(degreesOfFreedom: 2).upper(1), 0.5 - 0.5 / 3.0.squareRoot(), relative: 1e-13, "ν = 2")
  }

  /// One-sided 5 % points as tables print them to three decimals.
  @Test(arguments: [(1.0, 6.314), (2, 2.920), (3, 2.353), (4, 2.132), (9, 1.833), (30, 1.697), (120, 1.658)])
  func printedQuantiles(freedom: Double, printed: Double) {
    let tails = StudentT(degreesOfFreedom: freedom)
    #expect((tails.quantile(upper: 0.05) - printed).magnitude <= 0.0005 + 1e-9)
    #expect((tails.quantile(upper: 0.95) + printed).magnitude <= 0.0005 + 1e-9)
    let between = StudentT(degreesOfFreedom: freedom + 0.5).quantile(upper: 0.05)
    #expect(between < tails.quantile(upper: 0.05))
  }

  @Test func whatHasNoTailIsNotANumber() {
    for freedom in [0, -1, .nan, .infinity] {
      #expect(StudentT(degreesOfFreedom: freedom).upper(1).isNaN)
      #expect(StudentT(degreesOfFreedom: freedom).quantile(upper: 0.1).isNaN)
    }
    let tails = StudentT(degreesOfFreedom: 3)
    #expect(tails.upper(.nan).isNaN && tails.upper(.infinity) == 0 && tails.upper(-.infinity) == 1)
    for p in [0, 1, -1, .nan] { #expect(tails.quantile(upper: p).isNaN) }
    #expect(RegularizedBeta.value(x: 0.5, complement: 0.5, .nan, 1).isNaN)
    #expect(
      LogGamma.value(0).isNaN && LogGamma.value(-1).isNaN && NormalDistribution.probability(below: .nan).isNaN
    )
  }

  @Test func gammaAndNormal() {
    let gamma: [(Double, Double)] = [
      (0.5, 0.5723649429247001), (1.25, -0.09827183642181311), (5, 3.1780538303479458),
      (9.99, 12.779315214350195), (10, 12.801827480081469), (123.5, 469.8172754919306),
    ]
    for (x, expected) in gamma {
      Self.expectClose(LogGamma.value(x), expected, relative: 2e-14, "ln Γ(\(x))")
    }
    let normal: [(Double, Double)] = [
      (-8, 6.22096057427174e-16), (-3.5, 0.00023262907903552502), (-3, 0.0013498980316300933),
      (-1, 0.15865525393145707), (0.3, 0.6179114221889526), (2.9, 0.998134186699616),
      (3.1, 0.9990323967867817), (6, 0.9999999990134123),
    ]
    for (z, expected) in normal {
      #expect(!((NormalDistribution.probability(below: z) - expected).magnitude > 1e-14), "Φ(\(z))")
    }
    #expect(
      NormalDistribution.probability(below: 0) == 0.5 && NormalDistribution.probability(below: 99) == 1
        && NormalDistribution.probability(below: -99) == 0)
    // Both sides of the change of method.
    Self.expectClose(
      NormalDistribution.probability(below: -3.0000001), NormalDistribution.probability(below: -3),
      relative: 4e-7, "Φ at −3")
  }

  static let a = [75.1, 75.6, 75.4, 75.9, 75.3]
  static let b = [80.2, 80.9, 80.4, 81.1]

  /// Figures of scipy 1.17, `ttest_ind(equal_var=False)` and `ttest_rel`.
  @Test func welchAndPaired() throws {
    let welch = try #require(WelchTest(Self.a, Self.b))
    // Means near 80 lose two digits in the differences of 0.3 that make the variances.
    Self.expectClose(welch.statistic, -20.71585321957504, relative: 1e-11, "t")
    Self.expectClose(welch.degreesOfFreedom, 5.347549302515516, relative: 1e-11, "ν")
    Self.expectClose(welch.pTwoSided, 2.5892577551659533e-06, relative: 1e-10, "two-sided")
    Self.expectClose(welch.pBelow(), 1.2946288775829767e-06, relative: 1e-10, "one-sided")
    Self.expectClose(welch.pAbove(), 1 - 1.2946288775829767e-06, relative: 1e-12, "the other side")
    let interval = welch.interval()
    Self.expectClose(interval.lowerBound, -5.82162697469254, relative: 1e-11, "interval")
    Self.expectClose(interval.upperBound, -4.558373025307455, relative: 1e-11, "interval")
    let paired = try #require(PairedTest(Self.a, Self.b + [80.5]))
    Self.expectClose(paired.test.statistic, -101.19592573130157, relative: 1e-10, "paired t")
    Self.expectClose(paired.test.pTwoSided, 5.717635504360806e-08, relative: 1e-9, "paired p")
    Self.expectClose(try #require(paired.correlation), 0.9612314688667087, relative: 1e-11, "r")
    #expect(paired.test.degreesOfFreedom == 4 && paired.count == 5)
  }

  @Test func whatCannotBeTestedIsNil() {
    #expect(WelchTest([1], [1, 2]) == nil && WelchTest([], [1, 2]) == nil)
    #expect(WelchTest([1, 1], [2, 2]) == nil, "no spread, no t")
    #expect(WelchTest([1, .nan], [1, 2]) == nil && WelchTest([1, .infinity], [1, 2]) == nil)
    #expect(WelchTest([1, 1], [1, 2]) != nil, "one side may be constant")
    #expect(PairedTest([1, 2], [1]) == nil && PairedTest([1], [1]) == nil)
    #expect(PairedTest([1, 2], [2, 3]) == nil, "differences without spread")
    #expect(PairedTest([1, 1, 1], [2, 3, 5])?.correlation == nil)
    #expect(SampleSummary(count: 1, mean: 0, standardDeviation: 1) == nil)
    #expect(SampleSummary(count: 3, mean: 0, standardDeviation: -1) == nil)
    #expect(SampleSummary(count: 3, mean: .nan, standardDeviation: 1) == nil)
    let summary = SampleSummary(count: 3, mean: 0, standardDeviation: 1)!
    #expect(EquivalenceTest(summary, summary, margin: 0) == nil)
    #expect(EquivalenceTest(summary, summary, margin: .nan) == nil)
    #expect(EquivalencePower(spread: 0, printedSpread: 1, margin: 1) == nil)
  }

  /// Closed testing by brute force: a hypothesis falls at α if the Bonferroni test of every subset that holds it does.
  @Test func holmAgainstClosedTesting() {
    var stream = RandomStream(seed: 11, purpose: .theory, index: 501)
    for trial in 0..<60 {
      let count = 1 + trial % 6
      // Squares crowd towards 0; a repeated value makes ties.
      var values = (0..<count).map { _ in
        let u = stream.uniform()
        return u * u
      }
      if count > 2 { values[2] = values[0] }
      let adjusted = HolmStepDown.adjusted(values)
      for i in 0..<count {
        var worst = 0.0
        for subset in 1..<(1 << count) where subset >> i & 1 == 1 {
          let members = (0..<count).filter { subset >> $0 & 1 == 1 }.map { values[$0] }
          worst = max(worst, min(1, members.min()! * Double(members.count)))
        }
        #expect(adjusted[i] == worst, "trial \(trial), p \(values)")
      }
    }
    #expect(HolmStepDown.adjusted([]) == [] && HolmStepDown.adjusted([0.03]) == [0.03])
    #expect(HolmStepDown.adjusted([0.01, .nan]) == [0.02, 1], "a missing test keeps the family's size")
  }
}
