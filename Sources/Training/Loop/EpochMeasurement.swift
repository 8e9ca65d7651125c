import EscapementArtifacts
import EscapementKernels
import EscapementNetworks

/// Something measured after some epochs of a run, besides its accuracies: it changes no bit of the run.
///
/// Training knows nothing of spectra; what is measured comes from outside.
public struct EpochMeasurement<Element: Real>: Sendable {
  /// What is measured, for `run.json`: a run goes on with the measurement it began with.
  public let record: JSON
  /// Told of a 0-based epoch that has ended, of how many the run has, and of the state after it, it returns the members of an
  /// event in the metrics; nil where nothing is due after that epoch.
  public typealias Measure =
    @Sendable (_ epoch: Int, _ epochs: Int, Network, TrainingState<Element>) throws -> [String: JSON]?

  /// What is measured, and when.
  public let measure: Measure

  /// A measurement.
  public init(record: JSON, measure: @escaping Measure) {
    self.record = record
    self.measure = measure
  }
}
