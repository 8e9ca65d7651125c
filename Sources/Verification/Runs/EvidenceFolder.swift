import Artifacts
import Foundation
import Training

/// A folder of finished runs without their checkpoints, each under the digest of its recipe and its seed.
public struct EvidenceFolder: Sendable {
  /// The folder that `verify` reads where none is named.
  public static let defaultName = "Evidence"

  /// The folder.
  public let url: URL

  /// A folder; nothing is read or made yet.
  public init(_ url: URL) { self.url = url }

  /// What came of adding a run.
  public enum Addition: Sendable, Hashable {
    /// It was copied to this place.
    case added(URL)
    /// The same run is there already.
    case present(URL)
  }

  /// Copies `run.json` and `metrics.jsonl` of a finished run, whole or not at all.
  ///
  /// Throws `DataError` for a run that is damaged, unfinished or diverged, and where another run of its recipe and seed is
  /// there; `FileError` where the folder cannot be written to.
  public func add(_ directory: RunDirectory) throws -> Addition {
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
    }
    let place = url.appendingPathComponent(run.storedName, isDirectory: true)
    if FileManager.default.fileExists(atPath: place.path) {
      let other = try RecordedRun(RunDirectory(place))
      let difference: String? =
        if other.data != run.data || other.recipeDigest != run.recipeDigest {
          "other pictures or another recipe"
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
      return .present(place)
    }
    let scratch = try Self.scratchDirectory(in: url, for: run.storedName)
    do {
      for name in [directory.record, directory.metrics] {
        let bytes = try FileContents.read(name, limit: RunDirectory.metricsLimit)
        try AtomicFile.write(bytes, to: scratch.appendingPathComponent(name.lastPathComponent))
      }
      guard rename(scratch.path, place.path) == 0 else {
        throw FileError(operation: "write", path: place.path, code: errno)
      }
      try AtomicFile.synchronize(directory: url.path)
    } catch {
      try? FileManager.default.removeItem(at: scratch)
      throw error
    }
    return .added(place)
  }

  /// A hidden directory that no reader takes for a run.
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
