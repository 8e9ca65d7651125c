/// The probability that runs which do agree with a printed mean ± std are found to agree, as a function of their
/// number.
///
/// The printed std s is data: it enters the test unchanged and is used as the spread of the printed mean of m seeds.
/// The runs are normal with standard deviation σ, the true means are equal, and the test is `EquivalenceTest` at level
/// α. With S ~ σ·χ_{n−1}/√(n−1) the probability is the mean over S of 2Φ((margin − t·e(S))/d) − 1 (`ChiIntegral`),
/// where e(S) is Welch's error, t its quantile and d = √(σ²/n + s²/m).
package struct EquivalencePower: Hashable, Sendable {
  /// σ of the runs.
  package let spread: Double
  /// The printed std.
  package let printedSpread: Double
  /// m, the number of seeds in the printed mean.
  package let printedCount: Int
  /// The margin.
  package let margin: Double
  /// α of each one-sided test.
  package let level: Double

  /// A setting; nil if a spread is not positive, there are fewer than 2 printed seeds, the margin is not positive or
  /// the level is outside (0, ½).
  package init?(
    spread: Double, printedSpread: Double, printedCount: Int = EquivalenceTest.assumedCount, margin: Double,
    level: Double = 0.05
  ) {
    guard spread > 0, spread.isFinite, printedSpread > 0, printedSpread.isFinite, printedCount >= 2,
      margin > 0, margin.isFinite, level > 0, level < 0.5
    else { return nil }
    self.spread = spread
    self.printedSpread = printedSpread
    self.printedCount = printedCount
    self.margin = margin
    self.level = level
  }

  /// The power with n runs; nil for fewer than 2 runs.
  package func power(count n: Int) -> Double? {
    guard n >= 2 else { return nil }
    let nu = Double(n - 1)
    let printed = printedSpread * printedSpread / Double(printedCount)
    let deviation = (spread * spread / Double(n) + printed).squareRoot()
    let power = ChiIntegral.mean(degreesOfFreedom: nu) { chi in
      chance(own: spread * spread * chi * chi / nu / Double(n), printed, n, deviation)
    }
    return power.isNaN ? .nan : min(1, max(0, power))
  }

  /// The power with infinitely many runs, whose mean is known.
  ///
  /// It is not an upper bound: Welch's degrees of freedom are then m − 1. A moderate number of runs has more degrees of
  /// freedom and may have more power.
  package var limit: Double {
    let printed = printedSpread * printedSpread / Double(printedCount)
    let quantile = StudentT(degreesOfFreedom: Double(printedCount - 1)).quantile(upper: level)
    let room = margin / printed.squareRoot() - quantile
    return room > 0 ? 2 * NormalDistribution.probability(below: room) - 1 : 0
  }

  /// The smallest number of runs, up to `cap`, with at least the power `target`; nil if no number reaches it.
  ///
  /// Tries 2 to 20 and then steps of 10, because the power does not always grow with the number of runs.
  package func count(power target: Double = 0.8, cap: Int = 100) -> Int? {
    let counts = Array(2...20) + Array(stride(from: 30, through: max(30, cap), by: 10))
    return counts.first { n in
      n <= cap && ceiling(count: n) >= target && power(count: n).map { $0 >= target } == true
    }
  }

  /// An upper bound on the power with n runs, without an integral: e(S) is at least the printed mean's error alone, and
  /// Welch's degrees of freedom are at most n + m − 2.
  package func ceiling(count n: Int) -> Double {
    let printed = printedSpread * printedSpread / Double(printedCount)
    let quantile = StudentT(degreesOfFreedom: Double(n + printedCount - 2)).quantile(upper: level)
    let room = margin - quantile * printed.squareRoot()
    let deviation = (spread * spread / Double(n) + printed).squareRoot()
    return room > 0 ? 2 * NormalDistribution.probability(below: room / deviation) - 1 : 0
  }

  /// P(|D| ≤ margin − t·e) for D normal around 0, with the runs' squared error `own`.
  private func chance(own: Double, _ printed: Double, _ n: Int, _ deviation: Double) -> Double {
    let share = own / (own + printed)
    let rest = 1 - share
    let freedom = 1 / (share * share / Double(n - 1) + rest * rest / Double(printedCount - 1))
    let error = (own + printed).squareRoot()
    let room = margin - StudentT(degreesOfFreedom: freedom).quantile(upper: level) * error
    return room > 0 ? 2 * NormalDistribution.probability(below: room / deviation) - 1 : 0
  }
}
