import EscapementArtifacts
import Foundation
import EscapementLongTail

/// The files of a training run: `run.json`, `metrics.jsonl`, `checkpoints/`, `run.lock` while a process writes to it,
/// and `measurement.json` while a measurement is not finished.
public struct RunDirectory: Sendable {
  /// The directory.
  public let url: URL

  /// A directory for an existing or future run; nothing is read or written yet.
  public init(_ url: URL) { self.url = url }

  /// The resolved recipe, the variants and the provenance.
  public var record: URL { url.appendingPathComponent("run.json") }
  /// One JSON object per event.
  public var metrics: URL { url.appendingPathComponent("metrics.jsonl") }
  /// The metrics of a finished run, shortened and compressed by gzip; folders of evidence contain them in place of
  /// `metrics.jsonl`.
  public var compactMetrics: URL { url.appendingPathComponent("metrics.jsonl.gz") }
  /// Whether there are metrics, in either form.
  public var hasMetrics: Bool {
    [metrics, compactMetrics].contains { FileManager.default.fileExists(atPath: $0.path) }
  }
  /// The file that the writing process locks and in which it identifies itself.
  public var lockFile: URL { url.appendingPathComponent("run.lock") }
  /// What is finished of a measurement.
  var measurement: URL { url.appendingPathComponent("measurement.json") }
  /// The directory of tensor files and their sidecars, named by the step.
  public var checkpoints: URL { url.appendingPathComponent("checkpoints", isDirectory: true) }

  /// The sidecar of the checkpoint after `step` steps.
  public func sidecar(step: Int) -> URL {
    checkpoints.appendingPathComponent(Self.sidecarName(step: step))
  }

  /// The name of the sidecar of a checkpoint after `step` steps, in any folder.
  public static func sidecarName(step: Int) -> String {
    let digits = String(step)
    return "step-\(String(repeating: "0", count: max(0, 8 - digits.count)))\(digits).json"
  }

  /// The steps that have a sidecar, ascending; empty if there is no run.
  public func checkpointedSteps() -> [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: checkpoints.path)) ?? []
    return names.compactMap { name in
      guard name.hasPrefix("step-"), name.hasSuffix(".json") else { return nil }
      return Int(name.dropFirst(5).dropLast(5))
    }.sorted()
  }

  /// The most bytes of `run.json`.
  public static var recordLimit: Int { 16 << 20 }

  /// The bytes of `run.json` as they were written: without what git or an editor did to its line ends.
  package func recordBytes() throws -> Data {
    try FileContents.read(record, limit: Self.recordLimit).withPlainLineEnds
  }

  /// Reads `run.json` and checks its seal.
  ///
  /// Throws `MissingError` if there is none, `DataError` if it is damaged or has an unknown schema.
  public func readRecord() throws -> RunRecord {
    let bytes = try recordBytes()
    let fields = JSONCursor(try JSON(parsing: bytes, file: record.path), file: record.path)
    // One flipped bit cannot turn a 2 into a 1, so damage cannot look like the older schema.
    if try fields.field("schema").integer() != 1 {
      try SealedJSON.check(
        fields.value, bytes: bytes, file: record.path,
        advice: "restore it from a copy, or start the run again"
      )
    }
    return try RunRecord(fields)
  }

  /// The contents of `metrics.jsonl` or `metrics.jsonl.gz`, checked against their seal if they have one.
  public struct Metrics: Sendable {
    /// The file that was read.
    public let file: URL
    /// The lines. After the last newline there may be an incomplete line, left by an interruption.
    public let bytes: Data
    /// Whether the lines end in a seal, which has then been checked against these bytes and the `run.json` beside them.
    public let isSealed: Bool
  }

  /// The number of epochs whose end is in the last part of `metrics.jsonl`, for a display of progress: nothing is checked,
  /// and 0 is returned for anything unreadable.
  package func epochsSeen() -> Int {
    guard let file = try? FileHandle(forReadingFrom: metrics) else { return 0 }
    defer { try? file.close() }
    // Longer than any event of an epoch with a thousand classes.
    let part: UInt64 = 1 << 18
    guard let size = try? file.seekToEnd(), (try? file.seek(toOffset: size > part ? size - part : 0)) != nil,
      let tail = try? file.readToEnd()
    else { return 0 }
    for line in tail.split(separator: 0x0A).reversed() {
      guard let event = try? JSON(parsing: Data(line), file: metrics.path), event["event"]?.string == "epoch",
        let epoch = event["epoch"]?.integer
      else { continue }
      return max(0, min(epoch, Recipe.epochLimit)) + 1
    }
    return 0
  }

  /// The most bytes of metrics, after decompression.
  public static var metricsLimit: Int { 1 << 28 }

  /// Reads the metrics, for every reader that draws conclusions from them; the compressed ones if there are no others.
  ///
  /// Throws `MissingError` if there are none, `DataError` if they are not the bytes that were sealed or, without a
  /// seal, that the newest checkpoint covers, or if they belong to another run.
  public func readMetrics(limit: Int = RunDirectory.metricsLimit) throws -> Metrics {
    let manager = FileManager.default
    let isCompact =
      !manager.fileExists(atPath: metrics.path) && manager.fileExists(atPath: compactMetrics.path)
    let file = isCompact ? compactMetrics : metrics
    // Before the metrics, which a run in progress makes longer.
    let covered = isCompact ? nil : coveredMetrics()
    let stored = try FileContents.read(file, limit: limit)
    let bytes =
      isCompact ? try Gzip.inflate(stored, limit: limit, file: file.path) : stored.withPlainLineEnds
    let isSealed = try MetricsSeal.check(bytes, file: file.path, record: recordBytes())
    if !isSealed, let covered { try Self.check(bytes, file: file.path, against: covered) }
    return Metrics(file: file, bytes: bytes, isSealed: isSealed)
  }

  /// The part of the metrics that the newest intact sidecar covers; nil without a sidecar that has a digest.
  private func coveredMetrics() -> (step: Int, part: LineLog.Position)? {
    for step in checkpointedSteps().reversed() {
      guard let fields = try? CheckpointFiles.fields(sidecar: sidecar(step: step)),
        let length = try? fields.field("metrics_bytes").integer(atLeast: 0),
        let digest = try? fields.optionalField("metrics_sha256")?.digest()
      else { continue }
      return (step, LineLog.Position(length: length, digest: digest))
    }
    return nil
  }

  private static func check(
    _ bytes: Data, file: String, against covered: (step: Int, part: LineLog.Position)
  ) throws {
    let (length, source) = (covered.part.length, "as the checkpoint after step \(covered.step) says")
    func fault(_ found: String, _ expected: String) -> DataError {
      DataError(
        file: file, found: found, expected: "\(expected), \(source)",
        advice:
          "the file was changed: restore it from a copy, or go on from an older checkpoint with train --resume"
      )
    }
    guard bytes.count >= length else { throw fault("\(bytes.count) bytes", "at least \(length)") }
    let found = Digest(of: bytes.prefix(length))
    guard found == covered.part.digest else {
      throw fault("SHA-256 \(found) of the first \(length) bytes", covered.part.digest?.hex ?? "")
    }
  }

  /// The recipe in `run.json`, for resuming a run without repeating its flags.
  public func recipe() throws -> Recipe { try readRecord().recipe }

  /// The process that is writing into this directory now; nil if there is none. The query takes no lock and does not
  /// delay other processes.
  ///
  /// Throws a `FileError` if the system refuses.
  public func holder() throws -> RunLock.Holder? { try RunLock.holder(of: self) }

  /// Creates the directory and locks it. An existing directory must be empty except for what an aborted start left.
  ///
  /// Throws `RunHeld` if another process is writing there, and `FileError` if the directory cannot be created or is not
  /// empty.
  func claim() throws -> RunLock {
    let existed = FileManager.default.fileExists(atPath: url.path)
    if existed {
      do { try checkVacant() } catch {
        if let holder = try holder() { throw RunHeld(directory: url.path, holder: holder) }
        throw error
      }
    } else {
      try Directories.make(url)
    }
    do {
      let lock = try RunLock(self)
      // Checked again, because another process may have started and ended a run here before the lock was taken.
      try checkVacant()
      return lock
    } catch {
      if !existed { rmdir(url.path) }
      throw error
    }
  }

  /// Writes `run.json` in the claimed directory. On failure everything that was created is removed.
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

  /// Removes the directory if it is empty, as after a failed start.
  func removeIfEmpty() { rmdir(url.path) }

  /// Throws if the directory contains anything other than the remains of an aborted start.
  private func checkVacant() throws {
    let manager = FileManager.default
    var expected = Set(try leftovers())
    expected.insert(lockFile.lastPathComponent)
    if (try? manager.contentsOfDirectory(atPath: checkpoints.path).isEmpty) == true {
      expected.insert(checkpoints.lastPathComponent)
    }
    guard try Directories.names(in: url).allSatisfy(expected.contains) else {
      throw FileError(operation: "start a run in", path: url.path, code: ENOTEMPTY)
    }
  }

  /// Temporary files of a `run.json` that were never renamed.
  private func leftovers() throws -> [String] {
    try Directories.names(in: url).filter {
      $0.hasPrefix(".run.json.") && $0.hasSuffix(".tmp")
    }
  }

  /// Renames the files of a damaged checkpoint, so that no reader uses them and a person can inspect them.
  ///
  /// Returns the suffix of the new names: ".damaged", with a number if that name is taken.
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

  /// Copies metrics that are about to be truncated because a part of them is damaged.
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

  /// Removes all checkpoints except those of the given steps, and what a crash left of others.
  ///
  /// Sidecars are removed first, so that no incomplete checkpoint looks complete. Checkpoints renamed as damaged are
  /// kept.
  func removeCheckpoints(except steps: [Int]) throws {
    let kept = Set(steps.map { sidecar(step: $0).deletingPathExtension().lastPathComponent })
    let names = try Directories.names(in: checkpoints).filter { name in
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
}
