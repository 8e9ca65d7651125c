import EscapementArtifacts
import Foundation

/// The folder of golden records: `Golden/<suite>/<case>.json`.
package struct GoldenStore: Sendable {
  /// The folder.
  package var root: URL

  /// A store in a folder.
  package init(root: URL) { self.root = root }

  /// The file of a case.
  package func url(of golden: GoldenCase) -> URL {
    root.appendingPathComponent(golden.suite).appendingPathComponent("\(golden.name).json")
  }

  /// The file beside it that holds the computed values of a failed check.
  package func receivedURL(of golden: GoldenCase) -> URL {
    root.appendingPathComponent(golden.suite).appendingPathComponent("\(golden.name)\(Self.received)")
  }

  /// The suffix of files that hold the computed values of a failed check.
  static let received = ".received.json"

  /// Throws a `MissingError` if the folder does not exist: a mistyped one must not look like one without records.
  package func require() throws {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: root.path, isDirectory: &isDirectory), isDirectory.boolValue
    else {
      throw MissingError(
        what: "the directory of the record \(root.path.quotable(limit: 1024))",
        advice: "correct --golden, or begin a record with `escapement golden accept`")
    }
  }

  /// The result of a check: the computed values and the comparison.
  package struct Examination: Sendable {
    /// The outcome of the comparison.
    package var outcome: GoldenOutcome
    /// The computed values, as a record.
    package var received: GoldenRecord
  }

  /// Computes a case and compares it with its record. Writes nothing.
  package func check(_ golden: GoldenCase) throws -> GoldenOutcome {
    FileManager.default.fileExists(atPath: url(of: golden).path) ? try examine(golden).outcome : .missing
  }

  /// Computes a case and compares it with its record, if there is one. Writes nothing.
  package func examine(_ golden: GoldenCase) throws -> Examination {
    let file = url(of: golden)
    let record =
      FileManager.default.fileExists(atPath: file.path) ? try GoldenRecord(contentsOf: file) : nil
    let values = try golden.compute()
    return Examination(
      outcome: record.map { Self.compare(values, provenance: golden.provenance, with: $0) } ?? .missing,
      received: GoldenRecord(
        reason: "computed by a check and not accepted", provenance: golden.provenance, values: values))
  }

  /// Writes the computed values of a failed check beside the record, and removes such a file after a check that agrees.
  ///
  /// Returns the file if one was written.
  @discardableResult
  package func keep(_ examination: Examination, of golden: GoldenCase) throws -> URL? {
    let file = receivedURL(of: golden)
    guard !examination.outcome.agrees else {
      guard unlink(file.path) == 0 || errno == ENOENT else {
        throw FileError(operation: "remove", path: file.path, code: errno)
      }
      return nil
    }
    try Directories.make(file.deletingLastPathComponent())
    try AtomicFile.write(examination.received.json, to: file)
    return file
  }

  /// Computes a case and records its values under the name of the person who accepts them.
  ///
  /// The record states what changed. A blank reason throws an error before anything is computed.
  @discardableResult
  package func accept(_ golden: GoldenCase, reason: String, who: String = "unknown") throws -> GoldenRecord {
    guard reason.contains(where: { !$0.isWhitespace }) else { throw BaselineRefusal.noReason }
    let values = try golden.compute()
    precondition(
      Set(values.map(\.name)).count == values.count, "\(golden.path) gives two values of one name")
    let file = url(of: golden)
    var record = GoldenRecord(reason: reason, provenance: golden.provenance, values: values)
    record.accepted = .init(who: who, what: Self.change(to: record, on: file))
    try Directories.make(file.deletingLastPathComponent())
    try GitAttributes.write(in: root)
    try AtomicFile.write(record.json, to: file)
    try keep(Examination(outcome: .same(count: values.count), received: record), of: golden)
    return record
  }

  /// What a new record changes relative to the one in a file.
  private static func change(to record: GoldenRecord, on file: URL) -> String {
    let new = "first record of \(record.values.count) values"
    guard FileManager.default.fileExists(atPath: file.path) else { return new }
    guard let before = try? GoldenRecord(contentsOf: file) else {
      return "\(new), over a file that was damaged"
    }
    let old = Dictionary(before.values.map { ($0.name, $0) }) { first, _ in first }
    let names = Set(record.values.map(\.name))
    let counts = [
      (record.values.count { value in old[value.name].map { $0 != value } ?? false }, "changed"),
      (record.values.count { old[$0.name] == nil }, "added"),
      (before.values.count { !names.contains($0.name) }, "removed"),
    ]
    let parts = counts.filter { $0.0 > 0 }.map { "\($0) \($1)" }
    let origin =
      (before.provenance == record.provenance ? [] : ["provenance changed"])
      + (before.contract == record.contract ? [] : ["contract \(before.contract) to \(record.contract)"])
    return "of \(before.values.count) values: "
      + (parts.isEmpty && origin.isEmpty ? ["none changed"] : parts + origin).joined(separator: ", ")
  }

  /// Files of the store that no case reads, as paths relative to it: a record that is never compared checks nothing.
  /// `others` are top-level files with another use.
  package func unreferenced(by cases: [GoldenCase], others: [String] = []) throws -> [String] {
    guard FileManager.default.fileExists(atPath: root.path) else { return [] }
    let known = Set(cases.map { "\($0.path).json" } + others)
    return try FileManager.default.subpathsOfDirectory(atPath: root.path).filter {
      $0.hasSuffix(".json") && !$0.hasSuffix(Self.received) && !known.contains($0)
    }.sorted()
  }

  /// Whether this process runs in continuous integration, where checks write nothing: the variable CI is set and not
  /// empty.
  package static func isContinuousIntegration(_ environment: [String: String]) -> Bool {
    environment["CI"].map { !$0.isEmpty } ?? false
  }

  /// Compares computed values with a record, in order.
  package static func compare(
    _ values: [GoldenValue], provenance: [String: String], with record: GoldenRecord
  ) -> GoldenOutcome {
    GoldenComparison(values, provenance: provenance, with: record).map { .differs($0) }
      ?? .same(count: values.count)
  }
}
