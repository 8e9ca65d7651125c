import EscapementArtifacts
import EscapementKernels
import EscapementTraining

/// A member that differs between two records (`run.json`).
package struct RecordDifference: Hashable, Sendable {
  /// The path of the member: keys joined by dots, positions in brackets.
  package var place: String
  /// The text in the first record; nil if the member is absent.
  package var left: String?
  /// The text in the second record; nil if the member is absent.
  package var right: String?

  /// Settings of how the files of a run are written, which do not affect what is computed.
  static let settingsOfRecording = [
    "digest_every", "metrics_every", "checkpoint_every", "keep_every", "select_every",
  ]

  /// Members that are digests of what happens in a run; its trace contains them.
  static let partsOfTheTrace = ["first_order_sha256", "initial_parameters_sha256"]

  /// The file's layout and seal, which follow from its version and the other members. The contract is compared
  /// separately (`RunComparison.contracts`), because older files state none.
  static let partsOfTheFile = ["schema", SealedJSON.key, NumericContract.key]

  /// Whether the member concerns how often something is written, which does not affect the run.
  package var isOfRecording: Bool { Self.settingsOfRecording.contains(place) }

  /// The treatment of test images, which changes what is counted on them and nothing else.
  static let testTime = "test_time"

  /// Whether the member concerns what is measured during the run (spectra, the treatment of test images), which does not
  /// affect the training.
  package var isOfMeasurement: Bool {
    place == Self.testTime || place == "measurement" || place.hasPrefix("measurement.")
  }

  /// The differing leaves of two records, recipe first, then data, then the rest, each by their keys.
  ///
  /// A member that only one record has is a difference. Two lists of different lengths are one difference as a whole.
  package static func all(between left: JSON, and right: JSON) -> [RecordDifference] {
    let keys = Set((left.object ?? [:]).keys).union((right.object ?? [:]).keys)
    let first = ["recipe", "provenance"]
    let order =
      first.filter(keys.contains)
      + keys.subtracting(first).subtracting(partsOfTheTrace + partsOfTheFile).sorted()
    return order.flatMap { leaves($0, left[$0], right[$0]) }
  }

  private static func leaves(_ place: String, _ left: JSON?, _ right: JSON?) -> [RecordDifference] {
    if left == right { return [] }
    switch (left, right) {
    case (.object(let a)?, .object(let b)?):
      return Set(a.keys).union(b.keys).sorted().flatMap { leaves("\(place).\($0)", a[$0], b[$0]) }
    case (.array(let a)?, .array(let b)?) where a.count == b.count:
      return a.indices.flatMap { leaves("\(place)[\($0)]", a[$0], b[$0]) }
    default:
      return [
        RecordDifference(place: place, left: left.map { $0.canonical() }, right: right.map { $0.canonical() })
      ]
    }
  }
}
