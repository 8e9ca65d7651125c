import Artifacts
import Calculus
import Foundation
import Kernels
import Networks

/// A run's state on disk: a safetensors file and a JSON sidecar that makes it valid.
///
/// The tensors have PyTorch's names and arrangement: parameters and running statistics as in a state
/// dictionary, the rule's vectors as `optimizer.<vector>.<name>`. The sidecar has the recipe, the
/// place in the run, the digest chain, the length of `metrics.jsonl` and the SHA-256 of the tensor
/// file. It is written last: a crash before leaves a tensor file that nobody reads.
public struct Checkpoint<Element: Real>: Sendable {
  /// What is trained.
  public var recipe: Recipe
  /// Where the run stood.
  public var state: TrainingState<Element>
  /// The loop's `digestEvery`, which the chain depends on.
  public var digestEvery: Int
  /// Bytes of `metrics.jsonl` that belong to the run so far.
  public var metricsLength: Int

  private static var schema: Int { 1 }

  /// A checkpoint of a state.
  public init(recipe: Recipe, state: TrainingState<Element>, digestEvery: Int, metricsLength: Int) {
    self.recipe = recipe
    self.state = state
    self.digestEvery = digestEvery
    self.metricsLength = metricsLength
  }

  /// Writes `NAME.safetensors` and `NAME.json` beside each other, where `sidecar` is the latter.
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
    let bytes = content.encoded()
    try AtomicFile.write(bytes, to: tensorFile)
    let document: JSON = [
      "schema": .integer(Self.schema),
      "element": .string(Element.dtypeName),
      "recipe": recipe.json,
      "epoch": .integer(state.epoch),
      "step_in_epoch": .integer(state.stepInEpoch),
      "step": .integer(state.step),
      "digest": .string(state.digest.hex),
      "digest_every": .integer(digestEvery),
      "epoch_totals": state.totals.json,
      "metrics_bytes": .integer(metricsLength),
      "optimizer_vectors": .array(keys.map { .string($0) }),
      "tensors_sha256": .string(Digest(of: bytes).hex),
    ]
    try AtomicFile.write(document, to: sidecar)
  }

  /// Reads a checkpoint of `network`'s by its sidecar.
  ///
  /// A `DataError` where a file is absent, damaged (SHA-256) or of another network or element type.
  public init(sidecar: URL, network: Network) throws {
    let (fields, tensors, tensorFile) = try Self.content(sidecar: sidecar)
    recipe = try Recipe(fields.field("recipe"))
    digestEvery = try fields.field("digest_every").integer(atLeast: 0)
    metricsLength = try fields.field("metrics_bytes").integer(atLeast: 0)
    func vector(_ layout: ParameterLayout, prefix: String = "") throws -> ParameterVector<Element> {
      try InterchangeLayout.vector(
        of: layout, from: tensors, prefix: prefix, file: tensorFile.path, as: Element.self)
    }
    state = TrainingState(
      parameters: try vector(network.layout), statistics: try vector(network.statisticsLayout))
    for key in try fields.field("optimizer_vectors").elements() {
      let name = try key.string()
      state.ruleState[name] = try vector(network.layout, prefix: "optimizer.\(name).")
    }
    let vectors = 1 + state.ruleState.count
    let tensorCount = vectors * network.layout.segments.count + network.statisticsLayout.segments.count
    guard tensors.tensors.count == tensorCount else {
      throw DataError(
        file: tensorFile.path, found: "\(tensors.tensors.count) tensors", expected: "\(tensorCount)",
        advice: "the checkpoint is of another network")
    }
    state.epoch = try fields.field("epoch").integer(atLeast: 0)
    state.stepInEpoch = try fields.field("step_in_epoch").integer(atLeast: 0)
    state.step = try fields.field("step").integer(atLeast: 0)
    state.digest = try fields.field("digest").digest()
    state.totals = try EpochTotals(fields.field("epoch_totals"))
  }

  /// The parameters and running statistics of a checkpoint, by its sidecar: a state dictionary of whatever network was
  /// trained.
  ///
  /// A `DataError` where a file is absent, damaged (SHA-256) or of another element type.
  public static func weights(sidecar: URL) throws -> Safetensors {
    var tensors = try content(sidecar: sidecar).tensors
    tensors.tensors = tensors.tensors.filter { !$0.key.hasPrefix("optimizer.") }
    return tensors
  }

  /// Sidecar and tensors, as they belong together.
  private static func content(
    sidecar: URL
  ) throws -> (fields: JSONCursor, tensors: Safetensors, tensorFile: URL) {
    let tensorFile = sidecar.deletingPathExtension().appendingPathExtension("safetensors")
    let advice = "remove this checkpoint to resume from the one before it"
    func read(_ url: URL) throws -> Data {
      do {
        return try FileContents.read(url)
      } catch is MissingError {
        throw DataError(
          file: url.path, found: "no such file", expected: "one half of a checkpoint", advice: advice)
      }
    }
    let fields = JSONCursor(try JSON(parsing: read(sidecar), file: sidecar.path), file: sidecar.path)
    let schema = try fields.field("schema")
    guard try schema.integer() == Self.schema else {
      throw schema.fault(found: "\(try schema.integer())", expected: "schema \(Self.schema)")
    }
    let element = try fields.field("element")
    guard try element.string() == Element.dtypeName else {
      throw element.fault(found: try element.string(), expected: Element.dtypeName)
    }
    let bytes = try read(tensorFile)
    let expected = try fields.field("tensors_sha256").digest()
    let found = Digest(of: bytes)
    guard found == expected else {
      throw DataError(
        file: tensorFile.path, found: "SHA-256 \(found)", expected: "\(expected), as its sidecar says",
        advice: advice)
    }
    return (fields, try Safetensors(parsing: bytes, file: tensorFile.path), tensorFile)
  }
}
