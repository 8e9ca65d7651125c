import EscapementArtifacts
import Foundation
import EscapementLongTail
import EscapementNetworks
import EscapementTraining

/// A folder of finished runs, each named by the digest of its recipe and its seed: records with shortened metrics, and
/// optionally the last checkpoint.
package struct EvidenceFolder: Sendable {
  /// The folder that `verify` reads by default.
  package static let defaultName = "Evidence"

  /// The folder.
  package let url: URL

  /// A folder; nothing is read or created yet.
  package init(_ url: URL) { self.url = url }

  /// The result of adding a run.
  package enum Addition: Sendable, Hashable {
    /// The run was copied to this place.
    case added(URL)
    /// The folder already contains the same run.
    case present(URL)
    /// The folder contained the same run, and its final weights were added.
    case completed(URL)
  }

  /// Copies `run.json` and the shortened metrics of a finished run atomically. A new folder gets a `.gitattributes`.
  ///
  /// With `weights`, its last checkpoint is also copied; an audit evaluates it, and every command that takes a
  /// checkpoint can read it. Throws `DataError` for a run that is damaged, unfinished or diverged, if the folder has a
  /// different run of its recipe and seed, and if the folder has the same run under another seed; `MissingError` if its
  /// last checkpoint is requested and missing; `FileError` if the folder cannot be written.
  package func add(_ directory: RunDirectory, weights: Bool = false) throws -> Addition {
    let run = try RecordedRun(directory)
    switch run.state {
    case .finished: break
    case .unfinished(let epochs):
      throw DataError(
        file: directory.metrics.path, found: "\(epochs) epochs",
        expected: "the \(run.recipe.epochs) of the recipe",
        advice: "finish the run: escapement train --resume")
    case .unsealed:
      throw DataError(
        file: directory.metrics.path, found: "no seal after the last epoch",
        expected: "that of a finished run",
        advice: "finish the run: escapement train --resume")
    case .diverged(let step):
      throw DataError(
        file: directory.metrics.path, found: "a divergence at step \(step)", expected: "a finished run")
    case .imported(let origin):
      throw DataError(
        file: directory.record.path, found: "weights imported from \(origin.file)",
        expected: "a run that was trained here, whose steps are on record")
    }
    let place = url.appendingPathComponent(run.storedName, isDirectory: true)
    if FileManager.default.fileExists(atPath: place.path) {
      let other = try RecordedRun(RunDirectory(place))
      let difference: String? =
        if other.data != run.data || other.recipeDigest != run.recipeDigest {
          "other images or another recipe"
        } else if other.contract != run.contract {
          "numeric contract \(run.contract) where it has \(other.contract)"
        } else {
          other.disagreement(with: run)
        }
      if let difference {
        throw DataError(
          file: directory.url.path, found: difference, expected: "the run of that name in \(place.path)",
          advice: "keep it in another folder")
      }
      let kept = RunDirectory(place)
      guard weights, let last = run.epochs.last, !kept.checkpointedSteps().contains(last.step) else {
        return .present(place)
      }
      try Self.copyWeights(of: run, from: directory, to: kept)
      return .completed(place)
    }
    try checkSeed(of: run)
    let scratch = try Self.scratchDirectory(in: url, for: run.storedName)
    do {
      let copy = RunDirectory(scratch)
      let record = try directory.recordBytes()
      try AtomicFile.write(record, to: copy.record)
      let metrics = try CompactMetrics(directory.readMetrics(), record: record)
      try AtomicFile.write(Gzip.deflate(metrics.lines), to: copy.compactMetrics)
      if weights { try Self.copyWeights(of: run, from: directory, to: copy) }
      guard rename(scratch.path, place.path) == 0 else {
        throw FileError(operation: "write", path: place.path, code: errno)
      }
      try AtomicFile.synchronize(directory: url.path)
      try GitAttributes.write(in: url)
    } catch {
      try? FileManager.default.removeItem(at: scratch)
      throw error
    }
    return .added(place)
  }

  /// Throws an error if a run of the folder is this one under another seed.
  private func checkSeed(of run: RecordedRun) throws {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
    let recipe = "\(run.storedName.prefix(16))-seed"
    let marks = Dictionary(run.marks, uniquingKeysWith: { first, _ in first })
    for name in names.sorted() where name.hasPrefix(recipe) && name != run.storedName {
      let place = url.appendingPathComponent(name, isDirectory: true)
      // Damaged runs are reported by the list.
      guard let other = try? RecordedRun(RunDirectory(place)), other.recipe.seed != run.recipe.seed,
        let shared = other.marks.lazy.compactMap({ marks[$0.0] }).first
      else { continue }
      throw DataError(
        file: run.directory.path, found: "\(shared) of \(place.path) under another seed",
        expected: "a run of its own for seed \(run.recipe.seed)",
        advice: "train the one that was copied, and remove the copy")
    }
  }

  /// Copies the last checkpoint of a run, tensors first, after checking that the digest chain ends in it.
  private static func copyWeights(
    of run: RecordedRun, from directory: RunDirectory, to copy: RunDirectory
  ) throws {
    guard let last = run.epochs.last else { return }
    let sidecar = directory.sidecar(step: last.step)
    guard FileManager.default.fileExists(atPath: sidecar.path) else {
      throw MissingError(
        what: "the last checkpoint of the run, \(sidecar.path)",
        advice: "add the run without --weights, or restore the checkpoint from a copy")
    }
    let network = run.recipe.architecture.network(classes: last.correct.count)
    let saved = try Checkpoint<Float>(sidecar: sidecar, network: network)
    guard saved.state.digest == last.digest, saved.state.isLinked != false else {
      throw DataError(
        file: sidecar.path, found: "a checkpoint of link \(saved.state.digest)",
        expected: "tensors that give \(last.digest), the run's last link",
        advice: "restore the checkpoint from a copy")
    }
    if mkdir(copy.checkpoints.path, 0o755) != 0, errno != EEXIST {
      throw FileError(operation: "create", path: copy.checkpoints.path, code: errno)
    }
    let place = copy.sidecar(step: last.step)
    for ending in ["safetensors", "json"] {
      func file(_ sidecar: URL) -> URL { sidecar.deletingPathExtension().appendingPathExtension(ending) }
      try AtomicFile.write(FileContents.read(file(sidecar)), to: file(place))
    }
  }

  /// A hidden directory, which readers ignore.
  private static func scratchDirectory(in folder: URL, for name: String) throws -> URL {
    if mkdir(folder.path, 0o755) != 0, errno != EEXIST {
      throw FileError(operation: "create", path: folder.path, code: errno)
    }
    let scratch = folder.appendingPathComponent(".\(name).\(getpid())", isDirectory: true)
    guard mkdir(scratch.path, 0o755) == 0 else {
      throw FileError(operation: "create", path: scratch.path, code: errno)
    }
    return scratch
  }
}
