import EscapementArtifacts
import EscapementKernels
import EscapementLongTail
import EscapementNetworks

/// What a run is of: `run.json`, written once at its start.
public struct RunRecord: Sendable {
  /// Epochs of a recipe at most: reading takes a radius and a rate for each.
  public static let epochLimit = 100_000

  /// The version that began the run; nil where the record has none.
  public let version: String?
  /// The numeric contract that it was begun under.
  public let contract: NumericContract
  /// What is trained.
  public let recipe: Recipe
  /// The element type of training: "F32" or "F64".
  public let element: String
  /// Training images of each class.
  public let classCounts: [Int]
  /// Test images.
  public let testSamples: Int
  /// The classes of head, mid and tail, as the record lists them.
  public let head, mid, tail: [Int]
  /// The digest of the initial parameters; nil in records of before it was kept.
  public let initialParameters: Digest?
  /// The digest of the first epoch's order; nil in records of before it was kept.
  public let firstOrder: Digest?
  /// What is written how often, and what a step without finite numbers does.
  public let options: TrainingOptions
  /// What is measured along the run, in the terms of who measures.
  public let measurement: JSON?
  /// Versions and digests of the data.
  public let provenance: JSON
  /// Where the weights come from, if they were not trained here.
  public let origin: WeightsOrigin?
  /// Whether the metrics of the finished run end in a seal.
  public let sealsMetrics: Bool
  /// The document, for its digest, for what belongs to no member, and to name places in it.
  public let document: JSONCursor
}

extension RunRecord {
  /// The layout of `run.json` as it is written: 2 has a seal (`SealedJSON`); 1, of older runs, has none. 3 says besides
  /// that the metrics of the finished run end in a seal of theirs (`MetricsSeal`).
  static let schema = 3

  /// Reads what `Trainer.record` wrote, whose seal was compared; a `DataError` for a member that is missing or of another
  /// kind.
  init(_ written: JSONCursor) throws {
    var document = written
    if try written.field("schema").integer() == 1, var members = written.value.object {
      // Runs of that layout knew no other action.
      members["on_divergence"] = .string(DivergenceAction.stop.rawValue)
      document = JSONCursor(.object(members), file: written.file)
    }
    self.document = document
    let stated = try document.field("schema")
    guard (1...Self.schema).contains(try stated.integer()) else {
      throw stated.fault(
        found: "\(try stated.integer())", expected: "1 to \(Self.schema)",
        advice: "go on with the version that wrote it")
    }
    sealsMetrics = try stated.integer() >= 3
    version = try document.optionalField("version")?.string()
    contract = try NumericContract(of: document)
    let planned = try document.field("recipe").field("epochs")
    guard try planned.integer(atLeast: 1) <= Self.epochLimit else {
      throw planned.fault(found: "\(try planned.integer())", expected: "at most \(Self.epochLimit)")
    }
    recipe = try Recipe(document.field("recipe"))
    element = try document.field("element").string()
    classCounts = try document.field("class_counts").elements().map { try $0.integer(atLeast: 0) }
    testSamples = try document.field("test_samples").integer(atLeast: 0)
    let groups = try document.field("groups")
    func labels(_ name: String) throws -> [Int] {
      try groups.field(name).elements().map { try $0.integer(atLeast: 0) }
    }
    (head, mid, tail) = (try labels("head"), try labels("mid"), try labels("tail"))
    initialParameters = try document.optionalField("initial_parameters_sha256")?.digest()
    firstOrder = try document.optionalField("first_order_sha256")?.digest()
    options = try TrainingOptions(document)
    measurement = try document.optionalField("measurement")?.value
    provenance = try document.field("provenance").value
    origin = try document.optionalField(WeightsOrigin.key).map { try WeightsOrigin($0) }
  }

  /// The event in the metrics of an imported run: what its weights classify correctly.
  package static let evaluation = "evaluation"

  /// What `run.json` holds, without its seal.
  static func document(
    recipe: Recipe, element: String, network: Network, classCounts: [Int], testSamples: Int,
    groups: ClassGroups, initialParameters: Digest?, firstOrder: Digest?, options: TrainingOptions,
    measurement: JSON?, provenance: JSON, origin: WeightsOrigin? = nil
  ) -> JSON {
    func labels(_ classes: [Int]) -> JSON { .array(classes.map { .integer($0) }) }
    var members: [String: JSON] = [
      "schema": .integer(schema),
      "version": .string(PackageVersion.current),
      NumericContract.key: NumericContract.current.json,
      "recipe": recipe.json,
      "method": .string(recipe.method),
      "element": .string(element),
      "network": .string(network.name),
      "parameters": .integer(network.layout.count),
      "training_samples": .integer(classCounts.reduce(0, +)),
      "test_samples": .integer(testSamples),
      "class_counts": labels(classCounts),
      "class_weights": recipe.weighting?.weights(counts: classCounts, epoch: .max)
        .map { .array($0.map { .number($0) }) } ?? .null,
      "tail": labels(recipe.optimizer.oracle.tail(counts: classCounts).sorted()),
      "groups": ["head": labels(groups.head), "mid": labels(groups.mid), "tail": labels(groups.tail)],
      "measurement": measurement ?? .null,
      "provenance": provenance,
    ]
    // So that two runs can be compared before their first step; an order costs far less than a step.
    members["initial_parameters_sha256"] = initialParameters.map { .string($0.hex) }
    members["first_order_sha256"] = firstOrder.map { .string($0.hex) }
    members[WeightsOrigin.key] = origin?.json
    return .object(members.merging(options.members) { $1 })
  }
}

extension TrainingOptions {
  /// The members of `run.json`.
  var members: [String: JSON] {
    [
      "digest_every": .integer(digestEvery), "metrics_every": .integer(metricsEvery),
      "checkpoint_every": .integer(checkpointEvery), "keep_every": .integer(keepEvery),
      "test_time": .string(testTime.rawValue), "on_divergence": .string(onDivergence.rawValue),
    ]
  }

  /// Reads what `members` wrote.
  init(_ document: JSONCursor) throws {
    digestEvery = try document.field("digest_every").integer(atLeast: 0)
    metricsEvery = try document.field("metrics_every").integer(atLeast: 0)
    checkpointEvery = try document.field("checkpoint_every").integer(atLeast: 0)
    keepEvery = try document.optionalField("keep_every")?.integer(atLeast: 0) ?? 0
    testTime = try document.field("test_time").choice()
    onDivergence = try document.field("on_divergence").choice()
  }
}
