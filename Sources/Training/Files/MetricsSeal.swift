import EscapementArtifacts
import Foundation

/// The last line of a finished run's `metrics.jsonl`: it identifies the bytes before it and the `run.json` to which
/// they belong.
///
/// A run in progress or interrupted has no seal. `train` writes it once, after the last epoch and its measurements; if
/// a run was killed before that, `train --resume` writes it. The seal detects accidents and edits of single numbers. It
/// does not detect an invented run, whose seal can be invented too; only an audit detects that.
public struct MetricsSeal: Hashable, Sendable {
  /// The line's `event`.
  public static let event = "seal"

  /// The number of bytes before the line.
  public let bytes: Int
  /// SHA-256 of these bytes.
  public let digest: Digest
  /// SHA-256 of the bytes of the run's `run.json`.
  public let record: Digest

  /// A seal from its parts.
  public init(bytes: Int, digest: Digest, record: Digest) {
    (self.bytes, self.digest, self.record) = (bytes, digest, record)
  }

  /// The seal for these lines, including the last newline, and a record with these bytes.
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

  /// Parses the line. Throws a `DataError` if it is not a seal.
  public init(_ line: JSONCursor) throws {
    bytes = try line.field("bytes").integer(atLeast: 0)
    digest = try line.field("sha256").digest()
    record = try line.field("record_sha256").digest()
  }

  /// Whether metrics end in a seal. If they do, the seal is compared with them and with the record beside them.
  ///
  /// Throws a `DataError` if the metrics were changed after they were sealed, or belong to another run.
  static func check(_ metrics: Data, file: String, record: Data) throws -> Bool {
    // Searched backwards, because there may be many step lines before the end.
    guard let place = metrics.range(of: Data("\"event\":\"\(event)\"".utf8), options: .backwards) else {
      return false
    }
    // An interruption may leave an incomplete line of any kind.
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
