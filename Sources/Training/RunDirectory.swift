import Artifacts
import Foundation

/// The files of a training run: `run.json`, `metrics.jsonl` and `checkpoints/`.
public struct RunDirectory: Sendable {
  /// The directory.
  public let url: URL

  /// A directory that holds or shall hold a run; nothing is read or written yet.
  public init(_ url: URL) { self.url = url }

  /// The resolved recipe, the variants and where everything came from.
  public var record: URL { url.appendingPathComponent("run.json") }
  /// One JSON object an event.
  public var metrics: URL { url.appendingPathComponent("metrics.jsonl") }
  /// Tensor files and their sidecars, named by the step.
  public var checkpoints: URL { url.appendingPathComponent("checkpoints", isDirectory: true) }

  /// The sidecar of the checkpoint after `step` steps.
  public func sidecar(step: Int) -> URL {
    let digits = String(step)
    let name = String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    return checkpoints.appendingPathComponent("step-\(name).json")
  }

  /// The steps that have a sidecar, ascending; empty where there is no run.
  public func checkpointedSteps() -> [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: checkpoints.path)) ?? []
    return names.compactMap { name in
      guard name.hasPrefix("step-"), name.hasSuffix(".json") else { return nil }
      return Int(name.dropFirst(5).dropLast(5))
    }.sorted()
  }

  /// The recipe in `run.json`, for resuming a run without repeating its flags.
  public func recipe() throws -> Recipe {
    try Recipe(JSONCursor(JSON(contentsOf: record), file: record.path).field("recipe"))
  }

  /// Makes the directory, which must not exist or be empty, and writes `run.json` into it.
  ///
  /// A `FileError` where that fails; a directory made here is then removed again.
  func create(record content: JSON) throws {
    let manager = FileManager.default
    let existed = manager.fileExists(atPath: url.path)
    if existed {
      let entries = opendir(url.path)
      guard let entries else { throw FileError(operation: "open", path: url.path, code: errno) }
      closedir(entries)
      guard try manager.contentsOfDirectory(atPath: url.path).isEmpty else {
        throw FileError(operation: "start a run in", path: url.path, code: ENOTEMPTY)
      }
    } else {
      try Self.makeDirectories(url)
    }
    do {
      guard mkdir(checkpoints.path, 0o755) == 0 else {
        throw FileError(operation: "create", path: checkpoints.path, code: errno)
      }
      try AtomicFile.write(content, to: record)
    } catch {
      rmdir(checkpoints.path)
      if !existed { rmdir(url.path) }
      throw error
    }
  }

  /// Removes all checkpoints but those of the given steps, and what a crash left of others.
  ///
  /// Sidecars go first, so that no half looks whole.
  func removeCheckpoints(except steps: [Int]) throws {
    let kept = Set(steps.map { sidecar(step: $0).deletingPathExtension().lastPathComponent })
    let names = try FileManager.default.contentsOfDirectory(atPath: checkpoints.path).filter { name in
      let stem = name.prefix { $0 != "." }
      return name.hasPrefix(".step-") || (name.hasPrefix("step-") && !kept.contains(String(stem)))
    }
    for name in names.sorted(by: { ($0.hasSuffix(".json") ? 0 : 1, $0) < ($1.hasSuffix(".json") ? 0 : 1, $1) }
    ) {
      let path = checkpoints.appendingPathComponent(name).path
      guard unlink(path) == 0 || errno == ENOENT else {
        throw FileError(operation: "remove", path: path, code: errno)
      }
    }
  }

  /// mkdir -p, with the error of the first directory that cannot be made.
  private static func makeDirectories(_ url: URL) throws {
    if FileManager.default.fileExists(atPath: url.path) { return }
    let parent = url.deletingLastPathComponent()
    if parent.path != url.path { try makeDirectories(parent) }
    guard mkdir(url.path, 0o755) == 0 || errno == EEXIST else {
      throw FileError(operation: "create", path: url.path, code: errno)
    }
  }
}
