import ArgumentParser
import EscapementArtifacts
import EscapementVerification
import Foundation

/// The verdicts on record with which a command compares.
struct RecordOptions: ParsableArguments {
  @Option(
    help: """
      Directory of the record, claims.json. Without it Golden/ where the command runs or, away from the checkout, the \
      record that is part of this program.
      """)
  var golden: FilePath?

  /// The directory of the record.
  var directory: FilePath { golden ?? FilePath("Golden") }

  /// The file of the verdicts in that directory.
  var file: URL { directory.url.appendingPathComponent("claims.json") }

  /// Whether the record is the one that is part of this program.
  var isBuiltIn: Bool { golden == nil && !FileManager.default.fileExists(atPath: file.path) }

  /// Reads the verdicts on record. Throws a `MissingError` if a named directory has none.
  func baseline() throws -> Baseline { try isBuiltIn ? .built() : Baseline(contentsOf: file) }
}
