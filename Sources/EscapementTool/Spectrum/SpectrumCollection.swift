import EscapementArtifacts
import Foundation
import EscapementKernels
import EscapementTraining

/// Measurements of spectra, one per selection, probe and procedure. If there is a file, it is written after each
/// measurement.
///
/// An existing measurement is not repeated, so an interrupted command continues where it stopped, and one file can
/// contain several checkpoints. All measurements have the same numeric contract.
struct SpectrumCollection {
  private(set) var records: [JSON] = []
  private let file: URL?

  /// An empty collection, or the contents of `file`.
  init(file: URL?) throws {
    self.file = file
    guard let file, FileManager.default.fileExists(atPath: file.path) else { return }
    let root = JSONCursor(try JSON(parsing: FileContents.read(file), file: file.path), file: file.path)
    for entry in try root.elements() {
      // A file of another kind must not be replaced.
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

  /// The measurement with this identity that contains everything in `parts`.
  func measurement(_ identity: [String: JSON], holding parts: [String] = []) -> JSON? {
    records.first { record in
      identity.allSatisfy { record[$0.key] == $0.value }
        && parts.allSatisfy { record[$0].map { $0 != .null } ?? false }
    }
  }

  /// Adds a measurement, replaces an older one with the same identity, and writes the file.
  mutating func add(_ record: JSON, identity: [String: JSON]) throws {
    if let place = records.firstIndex(where: { old in identity.allSatisfy { old[$0.key] == $0.value } }) {
      // Additional measurements, such as a saddle test, are kept: both have the same identity and therefore the same
      // numbers.
      records[place] = .object((record.object ?? [:]).merging(records[place].object ?? [:]) { new, _ in new })
    } else {
      records.append(record)
    }
    if let file, Job.leads { try AtomicFile.write(.array(records), to: file) }
  }
}
