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
  /// Accuracies in percent and, where they were measured, the classes' curvatures.
  public internal(set) var figures: [RunMetric: Double]
}

/// The classes of head, middle and tail in `run.json`.
struct RecordedGroups {
  let classes: Int
  let groups: [(metric: RunMetric, name: String, labels: [Int])]
  let testSamples: Int
  let classCounts: [Int]

  /// Reads a record; throws a `DataError` for labels that are no class.
  init(_ record: JSONCursor) throws {
    classCounts = try record.field("class_counts").elements().map { try $0.integer(atLeast: 0) }
    classes = classCounts.count
    testSamples = try record.field("test_samples").integer(atLeast: 1)
    let cursor = try record.field("groups")
    let names: [(RunMetric, String)] = [(.head, "head"), (.mid, "mid"), (.tail, "tail")]
    groups = try names.map { [classes] metric, name in
      let list = try cursor.field(name)
      let labels = try list.elements().map { try $0.integer(atLeast: 0) }
      guard labels.allSatisfy({ $0 < classes }), Set(labels).count == labels.count else {
        throw list.fault(found: "\(labels.prefix(20))", expected: "different classes below \(classes)")
      }
      return (metric, name, labels)
    }
  }
}
