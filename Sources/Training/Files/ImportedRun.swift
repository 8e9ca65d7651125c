import EscapementArtifacts
import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import Foundation

/// Where the weights of an imported run come from: a member of `run.json` that a run trained here does not have.
public struct WeightsOrigin: Hashable, Sendable {
  /// The file's name, without its folder.
  public let file: String
  /// SHA-256 of the file.
  public let digest: Digest
  /// The file's format; see `ForeignWeights.format`.
  public let format: String
  /// The keys that lead to the dictionary of tensors, joined by dots.
  public let key: String
  /// What precedes every name.
  public let prefix: String
  /// Elements that rounding from F64 to F32 changed.
  public let rounded: Int

  /// The member's name in `run.json`.
  static let key = "imported"

  /// The origin of weights that were read from a file.
  init(_ weights: ForeignWeights<Float>, file: URL) {
    (self.file, digest, format) = (file.lastPathComponent, weights.digest, weights.format)
    (key, prefix, rounded) = (weights.key, weights.prefix, weights.rounded)
  }

  var json: JSON {
    [
      "file": .string(file), "sha256": .string(digest.hex), "format": .string(format), "key": .string(key),
      "prefix": .string(prefix), "rounded": .integer(rounded),
    ]
  }

  init(_ object: JSONCursor) throws {
    file = try object.field("file").string()
    digest = try object.field("sha256").digest()
    format = try object.field("format").string()
    key = try object.field("key").string()
    prefix = try object.field("prefix").string()
    rounded = try object.field("rounded").integer(atLeast: 0)
  }
}

extension RunDirectory {
  /// Makes a run directory of weights that were trained elsewhere, with one checkpoint, and counts what they classify
  /// correctly on the test images.
  ///
  /// The directory shows what the point is, never how it was reached: its `run.json` names the file in a member
  /// `imported`, its metrics hold one `evaluation` and no epoch, and it cannot be resumed. `recipe` says which network,
  /// data and loss the weights are for. Returns the accuracy.
  ///
  /// - Throws: what reading the file throws (`ForeignWeights`); `UnusableWeights`; `RunHeld` or `FileError` where the directory cannot be made or is not empty.
  public func importWeights(
    from url: URL, recipe: Recipe, data: LongTailedData, key: String? = nil, prefix: String? = nil
  ) throws -> (accuracy: EpochRecord.Accuracy, origin: WeightsOrigin) {
    let network = recipe.architecture.network(classes: data.train.classes)
    let weights = try ForeignWeights<Float>(contentsOf: url, network: network, key: key, prefix: prefix)
    try weights.state.check(file: url.path)
    let origin = WeightsOrigin(weights, file: url)
    // The loss of the last epoch is the one that such weights were trained with.
    let state = TrainingState<Float>(
      parameters: weights.state.parameters, statistics: weights.state.statistics, epoch: recipe.epochs)
    let test: ImageSource<Float> = data.test.source(Array(0..<data.test.count))
    let accuracy = EpochRecord.Accuracy(
      try ClassAccuracy(
        network: network, parameters: state.parameters, statistics: state.statistics, over: test),
      groups: data.groups)
    let lock = try claim()
    defer { lock.release() }
    try create(
      record: RunRecord.document(
        recipe: recipe, element: Float.dtypeName, network: network, classCounts: data.counts,
        testSamples: data.test.count, groups: data.groups, initialParameters: nil, firstOrder: nil,
        options: TrainingOptions(), measurement: nil, provenance: DataManifest(data).summary, origin: origin))
    let log = try LineLog(creating: metrics)
    try log.append([
      "event": .string(RunRecord.evaluation), "digest": .string(state.parameters.digest.hex),
      "test": accuracy.json,
    ])
    try log.synchronize()
    let checkpoint = Checkpoint(recipe: recipe, state: state, digestEvery: 0, metrics: log.position)
    try checkpoint.write(sidecar: sidecar(step: 0))
    return (accuracy, origin)
  }
}
