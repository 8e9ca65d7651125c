import EscapementArtifacts
import Foundation
import EscapementTraining

/// Finished runs on disk as evidence. They are read and never trained. The bits are the same on every machine, so runs
/// from any machine can be used.
package struct RunArchive: EvidenceSource {
  /// A directory that contains a run, or a part of one.
  package struct Entry: Sendable {
    /// The directory.
    package var directory: URL
    /// The run; nil for a damaged one.
    package var run: RecordedRun?
    /// The standing of the run: whether it counts, and why.
    package var standing: RunStanding
  }

  /// The largest number of directories read in a folder.
  package static let entryLimit = 100_000

  /// All runs found, by folder and name.
  package let entries: [Entry]

  /// An archive without runs.
  package init() { entries = [] }

  /// Reads run directories and folders of them.
  ///
  /// A directory with `run.json` is a run; otherwise the directories inside it are. Damaged runs are kept with their
  /// reason. Throws `MissingError` for a missing folder, and `DataError` if two runs contradict each other: if runs of
  /// one recipe, seed, data and numeric contract disagree, or if runs of two seeds are the same. Of two runs that
  /// differ only in their contract, the newer contract counts.
  package init(reading folders: [URL]) throws {
    let standards = RunStandards()
    var entries: [Entry] = []
    var seen: [[String]: RecordedRun] = [:]
    var marks: [Digest: RecordedRun] = [:]
    for directory in try folders.flatMap(Self.directories) {
      let run: RecordedRun
      do { run = try RecordedRun(RunDirectory(directory)) } catch let error as any ReportedError {
        entries.append(Entry(directory: directory, run: nil, standing: .damaged(error.description)))
        continue
      }
      var standing = standards.standing(of: run)
      if run.state == .finished {
        try Self.checkSeed(of: run, among: &marks)
        let key = Self.sample(run) + [run.contract.description]
        if let first = seen[key] {
          if let disagreement = first.disagreement(with: run) {
            throw DataError(
              file: directory.path, found: disagreement,
              expected:
                "the figures of \(first.directory.path), a run of the same recipe, seed, data and contract",
              advice: "train one of them again, and remove the wrong one")
          }
          standing = .duplicate(of: first.directory)
        } else {
          seen[key] = run
        }
      }
      entries.append(Entry(directory: directory, run: run, standing: standing))
    }
    self.entries = Self.supersede(entries)
  }

  /// Throws an error if a run of another seed is stored under this seed. Two seeds begin with different parameters, so
  /// neither the links of their chains nor the sequences of their figures agree.
  private static func checkSeed(of run: RecordedRun, among marks: inout [Digest: RecordedRun]) throws {
    for (mark, what) in run.marks {
      guard let other = marks[mark] else {
        marks[mark] = run
        continue
      }
      guard other.recipe.seed != run.recipe.seed else { continue }
      throw DataError(
        file: run.directory.path, found: "\(what) of \(other.directory.path) under another seed",
        expected:
          "a run of its own for seed \(run.recipe.seed): \(other.directory.lastPathComponent) is of seed "
          + "\(other.recipe.seed)",
        advice: "train the one that was copied, and remove the copy")
    }
  }

  /// The identity of a run as a sample. Runs that differ only in their numeric contract are one sample, because they
  /// share the seed.
  private static func sample(_ run: RecordedRun) -> [String] {
    [run.recipeDigest.hex, String(run.recipe.seed), run.data.canonical()]
  }

  /// Of the runs that are one sample, only the one of the newest contract counts.
  private static func supersede(_ entries: [Entry]) -> [Entry] {
    var newest: [[String]: RecordedRun] = [:]
    for run in entries.compactMap(\.run) where run.state == .finished {
      let key = sample(run)
      if newest[key].map({ $0.contract < run.contract }) ?? true { newest[key] = run }
    }
    return entries.map { entry in
      guard entry.standing.isCounted, let run = entry.run, let best = newest[sample(run)],
        run.contract < best.contract
      else { return entry }
      var entry = entry
      entry.standing = .superseded(by: best.directory, contract: best.contract)
      return entry
    }
  }

  /// The runs that count for at least one preset.
  package var counted: [RecordedRun] {
    entries.compactMap { entry in
      if case .counts = entry.standing { return entry.run }
      return nil
    }
  }

  /// The finished runs of a selection. If some are on the published images, those on other images are left out, because
  /// they could only weaken the evidence.
  package func runs(of selection: RunSelection) -> [RunEvidence] {
    let matching = counted.filter { run in
      RunStandards.digest(of: selection).map { $0 == run.recipeDigest } ?? false
    }
    let published = matching.filter(\.isPublished)
    return (published.isEmpty ? matching : published).compactMap { $0.evidence(after: selection.epoch) }
  }

  private static func directories(in folder: URL) throws -> [URL] {
    let manager = FileManager.default
    var isDirectory: ObjCBool = false
    guard manager.fileExists(atPath: folder.path, isDirectory: &isDirectory), isDirectory.boolValue else {
      throw MissingError(
        what: "the folder of runs \(folder.path)", advice: "give a run directory or a folder of them")
    }
    func holdsRun(_ url: URL) -> Bool { manager.fileExists(atPath: RunDirectory(url).record.path) }
    if holdsRun(folder) { return [folder] }
    let names = try Directories.names(in: folder)
    guard names.count <= entryLimit else {
      throw DataError(
        file: folder.path, found: "\(names.count) entries", expected: "at most \(entryLimit)",
        advice: "give the folder that holds the runs")
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      .filter { !$0.hasPrefix(".") }
      .map { folder.appendingPathComponent($0, isDirectory: true) }.filter(holdsRun)
  }
}
