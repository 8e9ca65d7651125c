/// The mean of independent samples with its uncertainty.
public struct MeanEstimate: Hashable, Sendable {
  /// The mean.
  public let mean: Double
  /// The samples' standard deviation (divisor k − 1) over √k; nil for a single sample, of which none is known.
  public let standardError: Double?
  /// k.
  public let count: Int

  /// The mean of `samples`, of which there must be one or more; non-finite ones make it non-finite.
  public init(_ samples: [Double]) {
    precondition(!samples.isEmpty, "the mean of no samples")
    let k = Double(samples.count)
    let mean = samples.reduce(0, +) / k
    let squares = samples.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    self.mean = mean
    count = samples.count
    standardError = count > 1 ? (squares / (k - 1) / k).squareRoot() : nil
  }

  /// An estimate known only by its figures, scaled or shifted from another.
  package init(mean: Double, standardError: Double?, count: Int) {
    self.mean = mean
    self.standardError = standardError
    self.count = count
  }

  /// The interval that covers the true mean with probability `confidence`, for normal samples, by Student's t.
  ///
  /// nil for a single sample, whose standard error can be known but not its degrees of freedom, and where the figures are
  /// not finite.
  public func interval(confidence: Double = 0.95) -> ClosedRange<Double>? {
    guard let standardError, count > 1 else { return nil }
    let half = StudentT.quantile(twoSided: confidence, degreesOfFreedom: count - 1) * standardError
    return mean.isFinite && half.isFinite ? mean - half...mean + half : nil
  }
}
