import Artifacts

/// What the metrics say of one epoch.
public struct RecordedEpoch: Sendable, Hashable {
  /// The 0-based epoch.
  public let epoch: Int
  /// Steps taken in all.
  public let step: Int
  /// The chain's link after it.
  public let digest: Digest
  /// Correct test pictures of each class.
  public let correct: [Int]
  /// Mean training loss.
  public let loss: Double
  /// Accuracies in percent and, of the classes' curvatures, those that count.
  public internal(set) var figures: [RunMetric: Double]
  /// Correct training pictures of each class, without augmentation; nil where they were not classified.
  public internal(set) var trainingCorrect: [Int]? = nil
  /// The classes' curvatures as they were measured.
  public internal(set) var curvature: [CurvatureMeasurement] = []
}
