import EscapementArtifacts
import Foundation
import EscapementLongTail

/// The files of a training run: `run.json`, `metrics.jsonl`, `checkpoints/`, and `run.lock` while it is written to.
public struct RunDirectory: Sendable {
  /// The directory.
  public let url: URL

  /// A directory that holds or shall hold a run; nothing is read or written yet.
  public init(_ url: URL) { self.url = url }

  /// The resolved recipe, the variants and where everything came from.
  public var record: URL { url.appendingPathComponent("run.json") }
  /// One JSON object an event.
  public var metrics: URL { url.appendingPathComponent("metrics.jsonl") }
  /// The same of a finished run, shortened and compressed by gzip: what a folder of evidence keeps in its place.
  public var compactMetrics: URL { url.appendingPathComponent("metrics.jsonl.gz") }
  /// Whether there are metrics, in either form.
  public var hasMetrics: Bool {
    [metrics, compactMetrics].contains { FileManager.default.fileExists(atPath: $0.path) }
  }
  /// Locked by the process that writes, and signed by it.
  public var lockFile: URL { url.appendingPathComponent("run.lock") }
  /// Tensor files and their sidecars, named by the step.
  public var checkpoints: URL { url.appendingPathComponent("checkpoints", isDirectory: true) }

  /// The sidecar of the checkpoint after `step` steps.
  public func sidecar(step: Int) -> URL {
    checkpoints.appendingPathComponent(Self.sidecarName(step: step))
  }

  /// The name of the sidecar of a checkpoint after `step` steps, in whatever folder it lies.
  public static func sidecarName(step: Int) -> String {
    let digits = String(step)
    return "step-\(String(repeating: "0", count: max(0, 8 - digits.count)))\(digits).json"
  }

  /// The steps that have a sidecar, ascending; empty where there is no run.
  public func checkpointedSteps() -> [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: checkpoints.path)) ?? []
    return names.compactMap { name in
      guard name.hasPrefix("step-"), name.hasSuffix(".json") else { return nil }
      return Int(name.dropFirst(5).dropLast(5))
    }.sorted()
  }

  /// Bytes of `run.json` at most.
  public static var recordLimit: Int { 16 << 20 }

  /// `run.json`, compared with its seal.
  ///
  /// `MissingError` where there is none, `DataError` where it is damaged or of a layout unknown here.
  public func readRecord() throws -> RunRecord {
    let bytes = try FileContents.read(record, limit: Self.recordLimit)
    let fields = JSONCursor(try JSON(parsing: bytes, file: record.path), file: record.path)
    // One flipped bit makes no 1 of a 2, so that the older layout cannot be what damage looks like.
    if try fields.field("schema").integer() != 1 {
      try SealedJSON.check(
        fields.value, bytes: bytes, file: record.path,
        advice: "restore it from a copy, or start the run again"
      )
    }
    return try RunRecord(fields)
  }

  /// What `metrics.jsonl` or `metrics.jsonl.gz` holds, compared with its seal where it has one.
  public struct Metrics: Sendable {
    /// The file that was read.
    public let file: URL
    /// Its lines; after the last newline there may be the beginning of one, which an interruption left.
    public let bytes: Data
    /// Whether they end in a seal, which is then the one of these bytes and of the `run.json` beside them.
    public let isSealed: Bool
  }

  /// Bytes of metrics at most, once inflated.
  public static var metricsLimit: Int { 1 << 28 }

  /// The metrics, for every reader that draws conclusions from them; compressed ones where there are no others.
  ///
  /// `MissingError` where there are none; `DataError` where they are not the bytes that were sealed, or those of another
  /// run.
  public func readMetrics(limit: Int = RunDirectory.metricsLimit) throws -> Metrics {
    let manager = FileManager.default
    let isCompact =
      !manager.fileExists(atPath: metrics.path) && manager.fileExists(atPath: compactMetrics.path)
    let file = isCompact ? compactMetrics : metrics
    let stored = try FileContents.read(file, limit: limit)
    let bytes = isCompact ? try Gzip.inflate(stored, limit: limit, file: file.path) : stored
    let record = try FileContents.read(record, limit: Self.recordLimit)
    return Metrics(
      file: file, bytes: bytes, isSealed: try MetricsSeal.check(bytes, file: file.path, record: record))
  }

  /// The recipe in `run.json`, for resuming a run without repeating its flags.
  public func recipe() throws -> Recipe { try readRecord().recipe }

  /// Who writes into this directory now; nil where nobody does. Asking takes no lock and disturbs nobody.
  ///
  /// A `FileError` where the system refuses to answer.
  public func holder() throws -> RunLock.Holder? { try RunLock.holder(of: self) }

  /// Makes the directory, which must not exist or hold nothing but what a start cut short left there, and locks it.
  ///
  /// `RunHeld` where another process is writing there; a `FileError` where it cannot be made or is not empty.
  func claim() throws -> RunLock {
    let existed = FileManager.default.fileExists(atPath: url.path)
    if existed {
      do { try checkVacant() } catch {
        if let holder = try holder() { throw RunHeld(directory: url.path, holder: holder) }
        throw error
      }
    } else {
      try Self.makeDirectories(url)
    }
    do {
      let lock = try RunLock(self)
      // Again: another process may have started and ended a run here before the lock was taken.
      try checkVacant()
      return lock
    } catch {
      if !existed { rmdir(url.path) }
      throw error
    }
  }

  /// Writes `run.json`; the directory is claimed. On failure what was made is removed.
  func create(record content: JSON) throws {
    do {
      for name in try leftovers() { unlink(url.appendingPathComponent(name).path) }
      guard mkdir(checkpoints.path, 0o755) == 0 || errno == EEXIST else {
        throw FileError(operation: "create", path: checkpoints.path, code: errno)
      }
      try AtomicFile.write(SealedJSON.sealed(content), to: record)
      try AtomicFile.synchronize(directory: url.deletingLastPathComponent().path)
    } catch {
      rmdir(checkpoints.path)
      throw error
    }
  }

  /// Removes the directory where it is empty, as a start that failed leaves it.
  func removeIfEmpty() { rmdir(url.path) }

  /// Throws where the directory holds something that is not of a start cut short.
  private func checkVacant() throws {
    let entries = opendir(url.path)
    guard let entries else { throw FileError(operation: "open", path: url.path, code: errno) }
    closedir(entries)
    let manager = FileManager.default
    var expected = Set(try leftovers())
    expected.insert(lockFile.lastPathComponent)
    if (try? manager.contentsOfDirectory(atPath: checkpoints.path).isEmpty) == true {
      expected.insert(checkpoints.lastPathComponent)
    }
    guard try manager.contentsOfDirectory(atPath: url.path).allSatisfy(expected.contains) else {
      throw FileError(operation: "start a run in", path: url.path, code: ENOTEMPTY)
    }
  }

  /// Temporary files of a `run.json` that never got its name.
  private func leftovers() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: url.path).filter {
      $0.hasPrefix(".run.json.") && $0.hasSuffix(".tmp")
    }
  }

  /// Renames the files of a damaged checkpoint, so that no reader takes them and a person can look at them.
  ///
  /// Returns the ending they got: ".damaged", with a number where that is taken.
  func setAside(step: Int) throws -> String {
    let stem = sidecar(step: step).deletingPathExtension()
    let files = ["json", "safetensors"].map { stem.appendingPathExtension($0).path }
    func isTaken(_ ending: String) -> Bool {
      files.contains { FileManager.default.fileExists(atPath: $0 + ending) }
    }
    let ending = Self.firstFree(isTaken)
    for file in files {
      guard rename(file, file + ending) == 0 || errno == ENOENT else {
        throw FileError(operation: "rename", path: file, code: errno)
      }
    }
    try AtomicFile.synchronize(directory: checkpoints.path)
    return ending
  }

  /// Keeps a copy of metrics that are about to be cut back because a part of them is damaged.
  func keepDamagedMetrics() throws -> URL {
    let ending = Self.firstFree { FileManager.default.fileExists(atPath: metrics.path + $0) }
    let copy = URL(fileURLWithPath: metrics.path + ending)
    try AtomicFile.write(FileContents.read(metrics), to: copy)
    return copy
  }

  private static func firstFree(_ isTaken: (String) -> Bool) -> String {
    var ending = ".damaged"
    var number = 1
    while isTaken(ending) {
      number += 1
      ending = ".damaged-\(number)"
    }
    return ending
  }

  /// Removes all checkpoints but those of the given steps, and what a crash left of others.
  ///
  /// Sidecars go first, so that no half looks whole. What was set aside as damaged stays.
  func removeCheckpoints(except steps: [Int]) throws {
    let kept = Set(steps.map { sidecar(step: $0).deletingPathExtension().lastPathComponent })
    let names = try FileManager.default.contentsOfDirectory(atPath: checkpoints.path).filter { name in
      let stem = name.prefix { $0 != "." }
      guard !name.contains(".damaged") else { return false }
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
