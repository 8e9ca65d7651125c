import EscapementDrawing
import EscapementArtifacts
import Foundation

/// The frozen runs of a sweep: a CSV file with one row per run, and beside it a record that describes the rows.
///
/// The index of a row is the task index of every engine. A manifest is written once. The record contains the `sha256`
/// of the rows, so that no row can be exchanged between the first task and the last. The rows end in CR LF (RFC 4180);
/// a copy with other line ends or a byte order mark, as git and editors make, is the same manifest.
package struct SweepManifest: Sendable, Hashable {
  /// The largest number of rows, which is the number of runs that can be read as evidence.
  package static let rowLimit = RunArchive.entryLimit
  /// The largest size of the rows, in bytes.
  package static let byteLimit = 1 << 28

  /// The runs, by index; names are unique.
  package let rows: [SweepRow]
  /// The tool version that planned them.
  package let version: String

  /// A manifest of rows. Duplicates of a run are merged into one that measures what either requests.
  ///
  /// Throws a `DataError` for no rows, or more than `rowLimit`.
  package init(_ rows: [SweepRow], version: String) throws {
    var kept: [SweepRow] = []
    var places: [String: Int] = [:]
    for row in rows {
      guard let place = places[row.id] else {
        places[row.id] = kept.count
        kept.append(row)
        continue
      }
      guard let more = row.spectra else { continue }
      kept[place].spectra = try kept[place].spectra?.union(more) ?? more
    }
    guard (1...Self.rowLimit).contains(kept.count) else {
      throw DataError(
        file: "sweep", found: "\(kept.count) runs", expected: "1 to \(Self.rowLimit)",
        advice: "plan it in parts")
    }
    self.rows = kept
    self.version = version
  }

  /// The rows as CSV.
  package var csv: String {
    CSVText.text(of: [SweepRow.columns] + rows.enumerated().map { $1.fields(index: $0) })
  }

  /// SHA-256 of the CSV's bytes.
  package var digest: Digest { Digest(of: csv) }

  /// The record of the rows.
  package var record: JSON {
    [
      "schema": 1, "version": .string(version), "rows": .integer(rows.count),
      "rows_sha256": .string(digest.hex),
      "data": .array(
        Set(rows.map(\.recipe.data)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
          .map { .string($0) }),
    ]
  }

  /// The location of the record: the manifest's with `.json` appended.
  package static func recordPlace(of manifest: URL) -> URL { manifest.appendingPathExtension("json") }

  /// Whether a manifest was written or already existed with these rows.
  package enum Writing: Sendable, Hashable { case written, present }

  /// Writes rows and record; writing the same rows again changes nothing.
  ///
  /// Throws a `DataError` if the file has other rows, on which tasks may already be working, and a `FileError` if the
  /// location cannot be written.
  package func write(to url: URL) throws -> Writing {
    let bytes = Data(csv.utf8)
    let place = Self.recordPlace(of: url)
    let isThere = FileManager.default.fileExists(atPath: url.path)
    let present = isThere ? try FileContents.read(url, limit: Self.byteLimit).withPlainLineEnds : nil
    if let present, present != bytes.withPlainLineEnds {
      throw DataError(
        file: url.path, found: "another plan", expected: "no file, or the same \(rows.count) rows",
        advice: "choose another --out: a manifest is never written over")
    }
    if isThere, FileManager.default.fileExists(atPath: place.path) {
      // The record of other rows would make the plan unreadable.
      let stated = try JSONCursor(JSON(contentsOf: place), file: place.path).field("rows_sha256")
      guard try stated.digest() == digest else {
        throw stated.fault(
          found: try stated.digest().hex, expected: "\(digest), that of the rows",
          advice: "the record is of another plan: restore it, or choose another --out")
      }
      return .present
    }
    // Write the record last, because rows without it are not read.
    try AtomicFile.write(bytes, to: url)
    try AtomicFile.write(record, to: place)
    return .written
  }

  /// Reads a manifest; throws a `MissingError` without it or its record, and a `DataError` with the line if it was
  /// changed.
  package init(contentsOf url: URL) throws {
    let bytes = try FileContents.read(url, limit: Self.byteLimit)
    let place = Self.recordPlace(of: url)
    let text = try FileContents.read(place, limit: 1 << 20)
    try self.init(
      parsing: bytes, file: url.path,
      record: JSONCursor(try JSON(parsing: text, file: place.path), file: place.path))
  }

  /// A manifest from a file's bytes and its record.
  init(parsing bytes: Data, file: String, record: JSONCursor) throws {
    let schema = try record.field("schema")
    guard try schema.integer() == 1 else {
      throw schema.fault(found: "\(try schema.integer())", expected: "1")
    }
    version = try record.field("version").string()
    let bytes = bytes.withPlainLineEnds
    let records = try CSVText(parsing: bytes, file: file).records
    guard let heading = records.first, heading.fields == SweepRow.columns else {
      throw DataError(
        file: file, place: "line 1", found: records.first?.fields.joined(separator: ",") ?? "nothing",
        expected: SweepRow.columns.joined(separator: ","))
    }
    guard (2...Self.rowLimit + 1).contains(records.count) else {
      throw DataError(file: file, found: "\(records.count - 1) rows", expected: "1 to \(Self.rowLimit)")
    }
    var names: Set<String> = []
    rows = try records.dropFirst().enumerated().map { index, record in
      let row = try SweepRow(record, index: index, file: file)
      guard names.insert(row.id).inserted else {
        throw DataError(
          file: file, place: "line \(record.line)", found: "the run \(row.id) a second time",
          expected: "each run once")
      }
      return row
    }
    let stated = try record.field("rows_sha256")
    // Of the rows as they were written, whatever line ends they have now.
    let text = csv
    let actual = Digest(of: text)
    guard try stated.digest() == actual, bytes == Data(text.utf8).withPlainLineEnds else {
      throw DataError(
        file: file, found: "rows with SHA-256 \(actual.hex)", expected: try stated.digest().hex,
        advice: "the manifest was changed: plan it again under another name")
    }
  }
}
