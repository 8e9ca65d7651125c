import EscapementArtifacts
import EscapementKernels
import EscapementLongTail
import EscapementNetworks

/// The description of a run: `run.json`, written once at its start.
public struct RunRecord: Sendable {
  /// The package version that started the run; nil if the record has none.
  public let version: String?
  /// The numeric contract under which it was started.
  public let contract: NumericContract
  /// The recipe of the run.
  public let recipe: Recipe
  /// The element type of training: "F32" or "F64".
  public let element: String
  /// The number of training images of each class.
  public let classCounts: [Int]
  /// The number of test images.
  public let testSamples: Int
  /// The classes of head, mid and tail, as listed in the record.
  public let head, mid, tail: [Int]
  /// The digest of the initial parameters; nil in older records without it.
  public let initialParameters: Digest?
  /// The digest of the first epoch's order; nil in older records without it.
  public let firstOrder: Digest?
  /// The intervals of the run's output, and the action for a step that is not finite.
  public let options: TrainingOptions
  /// What is measured during the run, as the measurement itself describes it.
  public let measurement: JSON?
  /// Versions and digests of the data.
  public let provenance: JSON
  /// The lists or folders of the images; nil for data that the recipe names.
  public let listing: ImageListing?
  /// Where the weights come from, if they were not trained here.
  public let origin: WeightsOrigin?
  /// Whether the metrics of the finished run end in a seal.
  public let sealsMetrics: Bool
  /// The document, for its digest, for values that belong to no member, and for places in errors.
  public let document: JSONCursor
}

extension RunRecord {
  /// The schema of `run.json` that is written. Schema 1, of older runs, has no seal. Schema 2 has a seal
  /// (`SealedJSON`). Schema 3 also states that the metrics of the finished run end in a seal (`MetricsSeal`).
  static let schema = 3

  /// Reads what `Trainer.record` wrote; its seal has been checked before. Throws a `DataError` for a member that is
  /// missing or of another kind.
  init(_ written: JSONCursor) throws {
    var document = written
    if try written.field("schema").integer() == 1, var members = written.value.object {
      // Runs of that schema had no other action.
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
    guard try planned.integer(atLeast: 1) <= Recipe.epochLimit else {
      throw planned.fault(found: "\(try planned.integer())", expected: "at most \(Recipe.epochLimit)")
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
    // A program that trains through the library may record anything as provenance.
    listing =
      try provenance.object?[ImageListing.key] == nil
      ? nil : ImageListing(document.field("provenance").field(ImageListing.key))
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
      "select_every": .integer(selectEvery),
      "test_time": .string(testTime.rawValue), "on_divergence": .string(onDivergence.rawValue),
    ]
  }

  /// Reads what `members` wrote.
  init(_ document: JSONCursor) throws {
    digestEvery = try document.field("digest_every").integer(atLeast: 0)
    metricsEvery = try document.field("metrics_every").integer(atLeast: 0)
    checkpointEvery = try document.field("checkpoint_every").integer(atLeast: 0)
    keepEvery = try document.optionalField("keep_every")?.integer(atLeast: 0) ?? 0
    selectEvery = try document.optionalField("select_every")?.integer(atLeast: 0) ?? 0
    testTime = try document.field("test_time").choice()
    onDivergence = try document.field("on_divergence").choice()
  }
}
