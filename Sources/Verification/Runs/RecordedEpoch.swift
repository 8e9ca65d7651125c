import EscapementArtifacts

/// What the metrics say of one epoch.
package struct RecordedEpoch: Sendable, Hashable {
  /// The 0-based epoch.
  package let epoch: Int
  /// Steps taken in all.
  package let step: Int
  /// The chain's link after it.
  package let digest: Digest
  /// Correct test images of each class.
  package let correct: [Int]
  /// Mean training loss.
  package let loss: Double
  /// Accuracies in percent and, of the classes' curvatures, those that count.
  package internal(set) var figures: [RunMetric: Double]
  /// Correct training images of each class, without augmentation; nil where they were not classified.
  package internal(set) var trainingCorrect: [Int]? = nil
  /// The classes' curvatures as they were measured.
  package internal(set) var curvature: [CurvatureMeasurement] = []
}
