import EscapementArtifacts
import EscapementCalculus
import Foundation
import EscapementKernels
import EscapementNetworks

/// A run's state on disk: a safetensors file, and a JSON sidecar without which it is not valid.
///
/// The tensors have PyTorch's names and layout: parameters and running statistics as in a state dictionary, the rule's
/// vectors as `optimizer.<vector>.<name>`, PaCo's key encoder as `encoder_k.<name>` and its queue as `queue`,
/// `queue_l` and `queue_ptr`. The sidecar contains the recipe, the position in the run, the digest chain's
/// last two links, length and SHA-256 of `metrics.jsonl` so far, the SHA-256 of the tensor file and its own SHA-256
/// (`SealedJSON`). It is written last: after a crash before that, the tensor file is ignored.
///
/// Sidecars of schema 1 contain neither their own digest nor that of the metrics. They can still be read: their tensors
/// are verified, the other values are not, and resuming from one reports a notice.
public struct Checkpoint<Element: Real>: Sendable {
  /// The recipe of the run.
  public var recipe: Recipe
  /// The state of the run.
  public var state: TrainingState<Element>
  /// The loop's `digestEvery`, on which the chain depends.
  public var digestEvery: Int
  /// The part of `metrics.jsonl` that belongs to the run so far.
  public var metrics: LineLog.Position
  /// The schema of the sidecar: 2, or 1 for a checkpoint from before sidecars were sealed.
  public let schema: Int

  /// A checkpoint of a state.
  public init(recipe: Recipe, state: TrainingState<Element>, digestEvery: Int, metrics: LineLog.Position) {
    self.recipe = recipe
    self.state = state
    self.digestEvery = digestEvery
    self.metrics = metrics
    schema = CheckpointFiles.schema
  }

  /// Writes `NAME.safetensors` and `NAME.json` in one directory; `sidecar` is the latter.
  public func write(sidecar: URL) throws {
    let tensorFile = sidecar.deletingPathExtension().appendingPathExtension("safetensors")
    var content = Safetensors(metadata: ["format": "pt"])
    func insert(_ vector: ParameterVector<Element>, prefix: String = "") {
      for (name, entry) in InterchangeLayout.entries(vector, prefix: prefix) { content.tensors[name] = entry }
    }
    insert(state.parameters)
    insert(state.statistics)
    let keys = state.ruleState.keys.sorted()
    for key in keys { insert(state.ruleState[key]!, prefix: "optimizer.\(key).") }
    for (_, prefix, vector) in state.contrast?.vectors ?? [] { insert(vector, prefix: prefix) }
    let previous: JSON = state.previousDigest.map { .string($0.hex) } ?? .null
    let bytes = content.encoded()
    try AtomicFile.write(bytes, to: tensorFile)
    let document: JSON = [
      "schema": .integer(CheckpointFiles.schema),
      "element": .string(Element.dtypeName),
      "recipe": recipe.json,
      "epoch": .integer(state.epoch),
      "step_in_epoch": .integer(state.stepInEpoch),
      "step": .integer(state.step),
      "skipped_in_a_row": .integer(state.skippedInARow),
      "digest": .string(state.digest.hex), "previous_digest": previous,
      "digest_every": .integer(digestEvery),
      "epoch_totals": state.totals.json,
      "metrics_bytes": .integer(metrics.length),
      "metrics_sha256": metrics.digest.map { .string($0.hex) } ?? .null,
      "optimizer_vectors": .array(keys.map { .string($0) }),
      "tensors_sha256": .string(Digest(of: bytes).hex),
    ]
    try AtomicFile.write(SealedJSON.sealed(document), to: sidecar)
  }

  /// Reads a checkpoint of `network` by its sidecar.
  ///
  /// Throws a `DataError` if a file is absent, damaged (SHA-256) or of another network or element type.
  public init(sidecar: URL, network: Network) throws {
    let files = try CheckpointFiles(sidecar: sidecar)
    try self.init(files.fields, tensors: files.tensors, tensorFile: files.tensorFile.path, network: network)
  }

  /// The checkpoint with these sidecar members and tensors, whose digests were checked before.
  init(_ fields: JSONCursor, tensors: Safetensors, tensorFile: String, network: Network) throws {
    schema = try CheckpointFiles.schema(of: fields)
    let element = try fields.field("element")
    guard try element.string() == Element.dtypeName else {
      throw element.fault(found: try element.string(), expected: Element.dtypeName)
    }
    recipe = try Recipe(fields.field("recipe"))
    digestEvery = try fields.field("digest_every").integer(atLeast: 0)
    metrics = LineLog.Position(
      length: try fields.field("metrics_bytes").integer(atLeast: 0),
      digest: try fields.optionalField("metrics_sha256")?.digest())
    func vector(_ layout: ParameterLayout, prefix: String = "") throws -> ParameterVector<Element> {
      try InterchangeLayout.vector(
        of: layout, from: tensors, prefix: prefix, file: tensorFile, as: Element.self)
    }
    state = TrainingState(
      parameters: try vector(network.layout), statistics: try vector(network.statisticsLayout))
    for key in try fields.field("optimizer_vectors").elements() {
      let name = try key.string()
      state.ruleState[name] = try vector(network.layout, prefix: "optimizer.\(name).")
    }
    let vectors = 1 + state.ruleState.count
    var tensorCount = vectors * network.layout.segments.count + network.statisticsLayout.segments.count
    // Parameters that were reached elsewhere come without them.
    if case .parametricContrastive(_, _, let queue) = recipe.loss, tensors.tensors["queue"] != nil {
      state.contrast = try ContrastiveState(tensors, network: network, capacity: queue, file: tensorFile)
      tensorCount += ContrastiveState<Element>.tensorCount(network)
    }
    guard tensors.tensors.count == tensorCount else {
      throw DataError(
        file: tensorFile, found: "\(tensors.tensors.count) tensors", expected: "\(tensorCount)",
        advice: "the checkpoint is of another network")
    }
    state.epoch = try fields.field("epoch").integer(atLeast: 0)
    state.stepInEpoch = try fields.field("step_in_epoch").integer(atLeast: 0)
    state.step = try fields.field("step").integer(atLeast: 0)
    state.skippedInARow = try fields.optionalField("skipped_in_a_row")?.integer(atLeast: 0) ?? 0
    state.digest = try fields.field("digest").digest()
    state.previousDigest = try fields.optionalField("previous_digest")?.digest()
    state.totals = try EpochTotals(fields.field("epoch_totals"))
  }

  /// The parameters and running statistics of a checkpoint, by its sidecar: a state dictionary of the network that was
  /// trained.
  ///
  /// Throws a `DataError` if a file is absent, damaged (SHA-256) or of another element type.
  public static func weights(sidecar: URL) throws -> Safetensors {
    let files = try CheckpointFiles(sidecar: sidecar)
    let element = try files.fields.field("element")
    guard try element.string() == Element.dtypeName else {
      throw element.fault(found: try element.string(), expected: Element.dtypeName)
    }
    var tensors = files.tensors
    let others = ["optimizer.", ContrastiveState<Element>.prefix, "queue"]
    tensors.tensors = tensors.tensors.filter { name, _ in !others.contains { name.hasPrefix($0) } }
    return tensors
  }

  /// Whether parameters, statistics and the rule's vectors are finite, so that training can continue from them.
  public var isFinite: Bool {
    state.parameters.flat.isFinite && state.statistics.flat.isFinite
      && state.ruleState.values.allSatisfy { $0.flat.isFinite }
      && (state.contrast?.vectors ?? []).allSatisfy { $0.vector.flat.isFinite }
  }
}
