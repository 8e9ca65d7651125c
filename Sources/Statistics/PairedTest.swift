/// Student's t test for the mean of paired differences, and the correlation of the pairs.
///
/// Two methods that start from the same seed share the initialization and the order of the data; the correlation
/// measures the benefit of this pairing. The test has n − 1 degrees of freedom.
package struct PairedTest: Hashable, Sendable {
  /// The test of the differences against 0: a Welch test against a constant.
  package let test: WelchTest
  /// Pearson's correlation of the pairs; nil if one side has no spread.
  package let correlation: Double?
  /// n.
  package let count: Int

  /// The test of x − y; nil for unequal lengths, fewer than 2 pairs, values that are not finite, or differences without
  /// spread.
  package init?(_ x: [Double], _ y: [Double]) {
    guard x.count == y.count, let differences = SampleSummary(zip(x, y).map { $0 - $1 }),
      let first = SampleSummary(x), let second = SampleSummary(y),
      let test = WelchTest(
        difference: differences.mean, standardError: differences.squaredError.squareRoot(),
        degreesOfFreedom: Double(x.count - 1))
    else { return nil }
    self.test = test
    count = x.count
    let products = zip(x, y).map { ($0 - first.mean) * ($1 - second.mean) }.reduce(0, +)
    let scale = first.standardDeviation * second.standardDeviation * Double(x.count - 1)
    // Rounding can move a perfect correlation past 1.
    correlation = scale > 0 ? min(1, max(-1, products / scale)) : nil
  }
}
