import EscapementArtifacts
import Foundation
import EscapementKernels
import EscapementTraining

/// Measurements of spectra, one a selection, probe and procedure, on file after each one where a file is named.
///
/// A measurement that is there already is not taken again, so an interrupted command goes on where it stopped, and
/// one file can hold several checkpoints. All are of one numeric contract.
struct SpectrumCollection {
  private(set) var records: [JSON] = []
  private let file: URL?

  /// An empty collection, or what `file` holds.
  init(file: URL?) throws {
    self.file = file
    guard let file, FileManager.default.fileExists(atPath: file.path) else { return }
    let root = JSONCursor(try JSON(parsing: FileContents.read(file), file: file.path), file: file.path)
    for entry in try root.elements() {
      // A file of another kind is not to be replaced by this one.
      _ = try entry.field("data").string()
      _ = try entry.field("mode").string()
      let (contract, now) = (try NumericContract(of: entry), NumericContract.current)
      guard contract == now else {
        throw entry.fault(
          found: "a measurement under contract \(contract)",
          expected: "contract \(now), which is in force here",
          advice: "name another file; or, to add to this one, \(contract.instruction)")
      }
      records.append(entry.value)
    }
  }

  /// The measurement of this identity that holds everything in `parts`.
  func measurement(_ identity: [String: JSON], holding parts: [String] = []) -> JSON? {
    records.first { record in
      identity.allSatisfy { record[$0.key] == $0.value }
        && parts.allSatisfy { record[$0].map { $0 != .null } ?? false }
    }
  }

  /// Adds a measurement in place of an older one of its identity, and writes the file.
  mutating func add(_ record: JSON, identity: [String: JSON]) throws {
    if let place = records.firstIndex(where: { old in identity.allSatisfy { old[$0.key] == $0.value } }) {
      // What was measured besides, such as a saddle test, stays: the two are of one identity, so of the same numbers.
      records[place] = .object((record.object ?? [:]).merging(records[place].object ?? [:]) { new, _ in new })
    } else {
      records.append(record)
    }
    if let file, Job.leads { try AtomicFile.write(.array(records), to: file) }
  }
}
