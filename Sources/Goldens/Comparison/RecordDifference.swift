import EscapementArtifacts
import EscapementKernels
import EscapementTraining

/// A member of two records (`run.json`) that is not the same in both.
package struct RecordDifference: Hashable, Sendable {
  /// Where: keys joined by dots, positions in brackets.
  package var place: String
  /// The first record's text there; nil where it has none.
  package var left: String?
  /// The second's.
  package var right: String?

  /// How the files of a run are written, and no part of what is computed.
  static let settingsOfRecording = ["digest_every", "metrics_every", "checkpoint_every", "keep_every"]

  /// Members that are digests of what happens in a run: its trace has them.
  static let partsOfTheTrace = ["first_order_sha256", "initial_parameters_sha256"]

  /// The file's layout and seal: they follow from its version and the other members. The contract is compared by itself
  /// (`RunComparison.contracts`), as older files state none.
  static let partsOfTheFile = ["schema", SealedJSON.key, NumericContract.key]

  /// Whether it concerns how often things are written, which changes nothing of the run.
  package var isOfRecording: Bool { Self.settingsOfRecording.contains(place) }

  /// The differing leaves of two records, recipe first, then data, then the rest, each by their keys.
  ///
  /// A member that only one of them has is a difference; a list of other length is one, as a whole.
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
