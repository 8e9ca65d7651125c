/// The values of a sample that a t test needs: count, mean and standard deviation.
package struct SampleSummary: Hashable, Sendable {
  /// n, at least 2.
  package let count: Int
  /// The mean.
  package let mean: Double
  /// The standard deviation with divisor n − 1.
  package let standardDeviation: Double

  /// A summary with known values, for example of a printed mean ± std; nil for a count below 2, a negative standard
  /// deviation or values that are not finite.
  package init?(count: Int, mean: Double, standardDeviation: Double) {
    guard count >= 2, mean.isFinite, standardDeviation.isFinite, standardDeviation >= 0 else { return nil }
    self.count = count
    self.mean = mean
    self.standardDeviation = standardDeviation
  }

  /// The summary of a sample; nil for fewer than 2 values or values that are not finite.
  package init?(_ values: [Double]) {
    guard values.count >= 2 else { return nil }
    let estimate = MeanEstimate(values)
    guard let error = estimate.standardError else { return nil }
    self.init(
      count: values.count, mean: estimate.mean,
      standardDeviation: error * Double(values.count).squareRoot())
  }

  /// s²/n.
  package var squaredError: Double { standardDeviation * standardDeviation / Double(count) }
}
