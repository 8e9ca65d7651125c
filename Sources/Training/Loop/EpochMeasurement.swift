import EscapementArtifacts
import EscapementKernels
import EscapementNetworks

/// A measurement after some epochs of a run, besides its accuracies. It changes no bit of the run.
///
/// The training code does not depend on spectra; the caller provides the measurement.
public struct EpochMeasurement<Element: Real>: Sendable {
  /// The description of the measurement, for `run.json`: a run must be resumed with the measurement with which it
  /// started.
  public let record: JSON
  /// Called with the 0-based epoch that has ended, the number of epochs, the network, the state after the epoch, and the
  /// parts of this measurement that were finished before an interruption. It returns the members of an event in the
  /// metrics; nil if there is no measurement after that epoch.
  public typealias Measure =
    @Sendable (
      _ epoch: Int, _ epochs: Int, Network, TrainingState<Element>, inout MeasurementParts
    ) throws -> [String: JSON]?

  /// The measurement function.
  public let measure: Measure

  /// A measurement.
  public init(record: JSON, measure: @escaping Measure) {
    self.record = record
    self.measure = measure
  }
}
