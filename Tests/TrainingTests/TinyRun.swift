import EscapementArtifacts
import Foundation
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementOptimizers
import EscapementRandomness
import Testing

@testable import EscapementTraining

/// A training run small enough to repeat: 72 noise images of three classes, a ResNet-8 of two channels.
struct TinyRun {
  var recipe: Recipe
  var options = TrainingOptions()
  let images: ImageSet

  init(optimizer: OptimizerChoice = .sgd, epochs: Int = 3) {
    guard let architecture = Architecture(.cifarResNet(depth: 8), width: 2) else {
      preconditionFailure("no such ResNet")
    }
    recipe = Recipe(
      preset: "test/tiny", architecture: architecture, data: "noise", epochs: epochs, batchSize: 16,
      schedule: LearningRateSchedule(base: 0.05, warmupEpochs: 1, milestones: [.init(epoch: 2, factor: 0.1)]),
      weighting: .deferred(start: 1), optimizer: optimizer, seed: 7)
    options.metricsEvery = 2
    options.checkpointEvery = 3
    images = TinyRun.images(count: 72, index: 0)
  }

  static func images(count: Int, index: UInt64) -> ImageSet {
    var stream = RandomStream(seed: 11, purpose: .fixture, index: index)
    let bytes = (0..<(count * ImageSet.imageBytes / 4)).flatMap { _ in
      withUnsafeBytes(of: stream.nextWord().littleEndian) { Array($0) }
    }
    let labels = (0..<count).map { $0 % 6 < 3 ? 0 : $0 % 6 < 5 ? 1 : 2 }
    return ImageSet(
      images: bytes, labels: labels, classes: 3,
      provenance: ImageProvenance(name: "noise", kind: .synthetic, digest: Digest(of: bytes)))
  }

  var source: AugmentedImages<Float> {
    AugmentedImages(images, recipe: recipe)
  }

  var trainer: Trainer<Float> { trainer(provenance: "the noise of index 0") }

  func trainer(
    provenance: JSON = "the noise of index 0", measurement: EpochMeasurement<Float>? = nil,
    ranks: RankAgreement? = nil, rule: (any UpdateRule<Float>)? = nil
  ) -> Trainer<Float> {
    let test = Self.images(count: 30, index: 1)
    return Trainer(
      recipe: recipe, source: source, test: test.source(Array(0..<30)),
      groups: ClassGroups(byCount: [36, 24, 12], many: 30, few: 30),
      provenance: provenance, options: options, measurement: measurement,
      ranks: ranks, rule: rule)
  }

  func loop(loadAhead: Int = 1) throws -> TrainingLoop<Float> {
    try TrainingLoop(
      recipe: recipe, source: source, loadAhead: loadAhead)
  }
}

/// Runs `body` in a fresh directory that is removed afterwards.
func inDirectory(_ body: (URL) throws -> Void) throws {
  var template = Array((NSTemporaryDirectory() + "/training-XXXXXX").utf8CString)
  let path = try #require(mkdtemp(&template).map { String(cString: $0) })
  defer { try? FileManager.default.removeItem(atPath: path) }
  try body(URL(fileURLWithPath: path, isDirectory: true))
}

/// All files of a run with their bytes; `seconds` in the metrics set to zero, and what the seal says of their digits.
func contents(of run: RunDirectory) throws -> [String: Data] {
  var files: [String: Data] = [:]
  for path in try FileManager.default.subpathsOfDirectory(atPath: run.url.path) {
    let url = run.url.appendingPathComponent(path)
    var isDirectory: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory)
    if !isDirectory.boolValue { files[path] = try FileContents.read(url) }
  }
  let lines = try events(of: run).map { event in
    var fields = event.object!
    if fields["seconds"] != nil { fields["seconds"] = 0 }
    if fields["event"] == "seal" { (fields["bytes"], fields["sha256"]) = (0, 0) }
    return JSON.object(fields).canonical()
  }
  files["metrics.jsonl"] = Data(lines.joined(separator: "\n").utf8)
  // The recorded length and digest, and the seal over both, cover the digits of the seconds.
  for (name, data) in files where name.hasPrefix("checkpoints/") && name.hasSuffix(".json") {
    var fields = try JSON(parsing: data, file: name).object!
    for member in ["metrics_bytes", "metrics_sha256", SealedJSON.key] { fields[member] = 0 }
    files[name] = Data(JSON.object(fields).canonical().utf8)
  }
  return files
}

/// The lines of a run's metrics.
func events(of run: RunDirectory) throws -> [JSON] {
  let text = String(decoding: try FileContents.read(run.metrics), as: UTF8.self)
  #expect(text.hasSuffix("\n"))
  return try text.split(separator: "\n").map { try JSON(parsing: Data($0.utf8), file: "metrics.jsonl") }
}
