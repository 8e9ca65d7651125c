import Artifacts
import Kernels
import Networks

/// Something measured after some epochs of a run, besides its accuracies: it changes no bit of the run.
///
/// Training knows nothing of spectra; what is measured comes from outside.
public struct EpochMeasurement<Element: Real>: Sendable {
  /// What is measured, for `run.json`: a run goes on with the measurement it began with.
  public let record: JSON
  /// It is made after every so many epochs, and after the first and the last.
  public let every: Int
  /// The members of its event in the metrics.
  public let measure: @Sendable (Network, TrainingState<Element>) throws -> [String: JSON]

  /// A measurement; `every` is at least 1.
  public init(
    record: JSON, every: Int,
    measure: @escaping @Sendable (Network, TrainingState<Element>) throws -> [String: JSON]
  ) {
    precondition(every >= 1, "a measurement every \(every) epochs")
    self.record = record
    self.every = every
    self.measure = measure
  }

  /// Whether it is made after a 0-based epoch of a run of `epochs`.
  public func isDue(after epoch: Int, of epochs: Int) -> Bool {
    Self.isDue(after: epoch, of: epochs, every: every)
  }

  /// Whether a measurement every so many epochs is made after a 0-based epoch of a run of `epochs`.
  public static func isDue(after epoch: Int, of epochs: Int, every: Int) -> Bool {
    epoch == 0 || (epoch + 1).isMultiple(of: every) || epoch + 1 == epochs
  }
}
