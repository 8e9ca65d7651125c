import EscapementArtifacts
import Foundation

/// The last line of a finished run's `metrics.jsonl`: which bytes stand before it, and which `run.json` they belong to.
///
/// A run that is going on, or was interrupted, has none. `train` writes it once after the last epoch and its
/// measurements; a run that was killed before that gets it from `train --resume`. It keeps out accidents and edits of
/// single numbers. Who makes up a whole run can make up its seal as well: that takes an audit to see.
public struct MetricsSeal: Hashable, Sendable {
  /// The line's `event`.
  public static let event = "seal"

  /// Bytes before the line.
  public let bytes: Int
  /// SHA-256 of these bytes.
  public let digest: Digest
  /// SHA-256 of the bytes of the run's `run.json`.
  public let record: Digest

  /// A seal from its parts.
  public init(bytes: Int, digest: Digest, record: Digest) {
    (self.bytes, self.digest, self.record) = (bytes, digest, record)
  }

  /// The seal of lines, the last newline included, that belong to a record of these bytes.
  public init(of lines: Data, record: Data) {
    self.init(bytes: lines.count, digest: Digest(of: lines), record: Digest(of: record))
  }

  /// The line's members.
  public var json: JSON {
    [
      "event": .string(Self.event), "bytes": .integer(bytes), "sha256": .string(digest.hex),
      "record_sha256": .string(record.hex),
    ]
  }

  /// Reads the line; throws a `DataError` where it is no seal.
  public init(_ line: JSONCursor) throws {
    bytes = try line.field("bytes").integer(atLeast: 0)
    digest = try line.field("sha256").digest()
    record = try line.field("record_sha256").digest()
  }

  /// Whether metrics end in a seal, which is then compared with them and with the record that lies beside them.
  ///
  /// Throws a `DataError` where the metrics were changed after they were sealed, or are those of another run.
  static func check(_ metrics: Data, file: String, record: Data) throws -> Bool {
    // Searched backwards: step lines before the end may be many.
    guard let place = metrics.range(of: Data("\"event\":\"\(event)\"".utf8), options: .backwards) else {
      return false
    }
    // Half a line is what an interruption leaves of anything.
    guard let end = metrics[place.upperBound...].firstIndex(of: 0x0A) else { return false }
    let start = metrics[..<place.lowerBound].lastIndex(of: 0x0A).map { $0 + 1 } ?? metrics.startIndex
    func fault(_ found: String, _ expected: String, _ advice: String) -> DataError {
      DataError(file: file, place: event, found: found, expected: expected, advice: advice)
    }
    let again = "restore the file from a copy, or train the run again"
    guard end == metrics.endIndex - 1 else {
      throw fault("lines after it", "the end of the file", again)
    }
    let name = "\(file) \(event)"
    let seal = try MetricsSeal(
      JSONCursor(JSON(parsing: Data(metrics[start..<end]), file: name), file: name))
    let owner = Digest(of: record)
    guard seal.record == owner else {
      throw fault(
        "metrics of a run whose run.json has the SHA-256 \(seal.record)",
        "those of the run.json beside them, \(owner)", "put each run's own two files together")
    }
    let lines = metrics[..<start]
    guard seal.bytes == lines.count, seal.digest == Digest(of: lines) else {
      throw fault(
        "\(lines.count) bytes of SHA-256 \(Digest(of: lines)) before it",
        "the \(seal.bytes) of \(seal.digest) that it was written over", again)
    }
    return true
  }
}
