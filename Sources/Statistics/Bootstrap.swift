import EscapementKernels
import EscapementRandomness

/// A statistic of a sample with its bootstrap interval.
package struct BootstrapEstimate: Hashable, Sendable {
  /// The statistic of the sample itself.
  package let value: Double
  /// Its confidence interval; nil for fewer than two rows, and if the statistic or that of a resample is not finite.
  package let interval: ClosedRange<Double>?
  /// The standard deviation of the resamples' statistics; nil if there is no interval.
  package let standardError: Double?

  /// An estimate with known values.
  package init(value: Double, interval: ClosedRange<Double>?, standardError: Double?) {
    (self.value, self.interval, self.standardError) = (value, interval, standardError)
  }

  /// Whether the interval lies above `bound`; false without an interval.
  package func isAbove(_ bound: Double) -> Bool { interval.map { $0.lowerBound > bound } ?? false }
  /// Whether the interval contains `value`; false without an interval.
  package func holds(_ value: Double) -> Bool { interval?.contains(value) ?? false }
}

/// Resamples of n independent rows, for intervals of statistics that are functions of sums over the rows.
///
/// A resample draws n rows with replacement, each uniformly and without bias (`RandomStream.integer(below:)`). A row's
/// entries stay together, so paired quantities stay paired. A resample is stored as the number of times that each row
/// was drawn. The sums of all resamples are then one matrix product, and all statistics of one sample use the same
/// resamples.
///
/// Intervals are bias-corrected and accelerated (BCa; Efron, JASA 82, 1987; Efron and Tibshirani, An Introduction to
/// the Bootstrap, 1993, chapter 14). Plain percentiles are not used because ratios of sums of squares are skewed: an
/// end of the percentile interval is off by a term of order 1/√n, which the BCa interval removes. The bias correction
/// is the normal quantile of the share of resamples below the statistic, with ties counted half; the acceleration comes
/// from the jackknife. Neither corrects for heavy tails: if a few rows dominate the sums, the interval is too short.
package struct Bootstrap: Sendable {
  /// n.
  package let rows: Int
  /// The number of resamples.
  package let resamples: Int
  /// How often each row occurs in each resample, `[resamples][rows]`.
  private let multiplicities: Tensor<Double>

  /// Resamples of `rows` rows, a pure function of the arguments. Efron and Tibshirani recommend 1000 or more for an
  /// interval; the default 2000 is this package's choice.
  package init(rows: Int, resamples: Int = 2000, seed: UInt64) {
    precondition(rows >= 1, "resamples of \(rows) rows")
    precondition(resamples >= 2, "\(resamples) resamples, expected at least 2")
    self.rows = rows
    self.resamples = resamples
    multiplicities = Tensor(shape: [resamples, rows]) { target in
      target.update(repeating: 0, count: resamples * rows)
      for resample in 0..<resamples {
        var stream = RandomStream(seed: seed, purpose: .bootstrap, index: UInt64(resample))
        for _ in 0..<rows { target[resample * rows + stream.integer(below: rows)] += 1 }
      }
    }
  }

  /// How often each row occurs in resample number `index`.
  package func multiplicities(ofResample index: Int) -> [Double] {
    multiplicities.view(at: index * rows, shape: [rows]).elements
  }

  /// The statistic with its interval. `table` has one row per sample row, all of equal width; `statistic` receives the
  /// sum of each of its columns.
  package func estimate(
    _ table: [[Double]], confidence: Double = 0.95, of statistic: ([Double]) -> Double
  ) -> BootstrapEstimate {
    precondition(table.count == rows, "\(table.count) rows for resamples of \(rows)")
    precondition(confidence > 0 && confidence < 1, "a confidence between 0 and 1, got \(confidence)")
    let width = table[0].count
    precondition(table.allSatisfy { $0.count == width }, "rows of different width")
    let entries = Tensor(table.flatMap { $0 }, shape: [rows, width])
    let totals = Tensor<Double>(repeating: 1, shape: [1, rows]).matmul(entries).elements
    let value = statistic(totals)
    let sums = multiplicities.matmul(entries).elements
    let replicates = (0..<resamples).map { statistic(Array(sums[($0 * width)..<(($0 + 1) * width)])) }
    let jackknife = table.map { row in statistic(zip(totals, row).map { $0 - $1 }) }
    guard rows > 1, value.isFinite, replicates.allSatisfy(\.isFinite), jackknife.allSatisfy(\.isFinite)
    else { return BootstrapEstimate(value: value, interval: nil, standardError: nil) }
    let sorted = replicates.sorted()
    let (lower, upper) = Self.orders(
      of: sorted, value: value, acceleration: Self.acceleration(jackknife), confidence: confidence)
    let spread = MeanEstimate(replicates).standardError.map { $0 * Double(resamples).squareRoot() }
    return BootstrapEstimate(value: value, interval: sorted[lower]...sorted[upper], standardError: spread)
  }

  /// Σd³ / (6 (Σd²)^(3/2)) of the jackknife's deviations d = mean − value; 0 where they are all zero.
  package static func acceleration(_ jackknife: [Double]) -> Double {
    let mean = jackknife.reduce(0, +) / Double(jackknife.count)
    let squares = jackknife.reduce(0) { $0 + (mean - $1) * (mean - $1) }
    let cubes = jackknife.reduce(0) { $0 + (mean - $1) * (mean - $1) * (mean - $1) }
    return squares > 0 ? cubes / (6 * squares * squares.squareRoot()) : 0
  }

  /// The positions of the interval's ends among the sorted replicates.
  private static func orders(
    of sorted: [Double], value: Double, acceleration: Double, confidence: Double
  ) -> (lower: Int, upper: Int) {
    let count = Double(sorted.count)
    let below = Double(sorted.count { $0 < value }) + Double(sorted.count { $0 == value }) / 2
    // A share of 0 or 1 has no quantile; half a resample is the nearest share that has one.
    let bias = NormalDistribution.quantile(min(max(below, 0.5), count - 0.5) / count)
    func level(_ z: Double) -> Double {
      let shift = 1 - acceleration * (bias + z)
      return shift > 0 ? NormalDistribution.probability(below: bias + (bias + z) / shift) : z < 0 ? 0 : 1
    }
    let half = NormalDistribution.quantile((1 + confidence) / 2)
    let lower = Int((level(-half) * (count + 1)).rounded(.down)) - 1
    let upper = Int((level(half) * (count + 1)).rounded(.up)) - 1
    let last = sorted.count - 1
    return (min(max(lower, 0), last), min(max(upper, 0), last))
  }
}
