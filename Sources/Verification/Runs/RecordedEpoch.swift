import EscapementArtifacts

/// The metrics of one epoch.
package struct RecordedEpoch: Sendable, Hashable {
  /// The 0-based epoch.
  package let epoch: Int
  /// The total number of steps taken.
  package let step: Int
  /// The link of the digest chain after the epoch.
  package let digest: Digest
  /// The number of correctly classified test images of each class.
  package let correct: [Int]
  /// The number of correctly classified test images of each class as they are, where `correct` averages with the mirrored
  /// images; nil if not recorded.
  package internal(set) var plainCorrect: [Int]? = nil
  /// The mean per-class test accuracy by which a run selects an epoch, in percent; NaN for imported weights.
  package internal(set) var selectionAccuracy = Double.nan
  /// Mean training loss.
  package let loss: Double
  /// Accuracies in percent, and those curvatures of the classes that count.
  package internal(set) var figures: [RunMetric: Double]
  /// The number of correctly classified training images of each class, without augmentation; nil if not measured.
  package internal(set) var trainingCorrect: [Int]? = nil
  /// The measured curvatures of the classes.
  package internal(set) var curvature: [CurvatureMeasurement] = []
}
