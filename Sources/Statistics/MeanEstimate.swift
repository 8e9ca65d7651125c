/// The mean of independent samples with its standard error.
public struct MeanEstimate: Hashable, Sendable {
  /// The mean.
  public let mean: Double
  /// The samples' standard deviation (divisor k − 1) divided by √k; nil for a single sample, which has none.
  public let standardError: Double?
  /// k, the number of samples.
  public let count: Int

  /// The mean of one or more `samples`; it is not finite if one of them is not.
  public init(_ samples: [Double]) {
    precondition(!samples.isEmpty, "the mean of no samples")
    let k = Double(samples.count)
    let mean = samples.reduce(0, +) / k
    let squares = samples.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    self.mean = mean
    count = samples.count
    standardError = count > 1 ? (squares / (k - 1) / k).squareRoot() : nil
  }

  /// The samples' standard deviation (divisor k − 1), the spread of single samples; nil for a single one.
  package var standardDeviation: Double? { standardError.map { $0 * Double(count).squareRoot() } }

  /// An estimate with known values, scaled or shifted from another one.
  package init(mean: Double, standardError: Double?, count: Int) {
    self.mean = mean
    self.standardError = standardError
    self.count = count
  }

  /// The interval that covers the true mean with probability `confidence`, for normal samples, by Student's t.
  ///
  /// nil for a single sample, because its degrees of freedom are unknown even if its standard error is known, and nil
  /// if the values are not finite.
  public func interval(confidence: Double = 0.95) -> ClosedRange<Double>? {
    guard let standardError, count > 1 else { return nil }
    let half = StudentT.quantile(twoSided: confidence, degreesOfFreedom: count - 1) * standardError
    return mean.isFinite && half.isFinite ? mean - half...mean + half : nil
  }
}
