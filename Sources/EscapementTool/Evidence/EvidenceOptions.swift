import ArgumentParser
import Foundation
import EscapementVerification

/// The location of finished runs.
struct EvidenceOptions: ParsableArguments {
  @Option(
    name: .customLong("runs"),
    help: ArgumentHelp(
      "A run directory or a folder of them, read as evidence; may be repeated. Evidence/ without it, where it exists.",
      valueName: "dir"))
  var folders: [FilePath] = []

  /// The runs of the given folders, or of the default one. Runs that do not count are listed on standard error.
  func archive() throws -> RunArchive {
    let archive = try RunArchive(reading: Self.places(folders))
    let left = archive.entries.count { !$0.standing.isCounted }
    if left > 0 {
      Console.note(
        "evidence: \(left) of \(archive.entries.count) runs not counted; `escapement evidence list` says why")
    }
    return archive
  }

  /// The given folders, or the default one if it exists.
  static func places(_ folders: [FilePath]) -> [URL] {
    if !folders.isEmpty { return folders.map(\.directory) }
    let standard = URL(fileURLWithPath: EvidenceFolder.defaultName, isDirectory: true)
    return FileManager.default.fileExists(atPath: standard.path) ? [standard] : []
  }
}
