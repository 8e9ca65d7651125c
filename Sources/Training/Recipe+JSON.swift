import Artifacts

extension Recipe {
  /// The recipe as a JSON object, complete: reading it back gives an equal recipe.
  public var json: JSON {
    var optimizerFields: [String: JSON]
    switch optimizer {
    case .sgd: optimizerFields = ["name": "sgd"]
    case .sam(let rho, let variant):
      optimizerFields = [
        "name": "sam", "rho": .number(rho), "ascent": .string(variant.ascent.rawValue),
        "second_pass_statistics": .string(variant.secondPassStatistics.rawValue),
      ]
    }
    optimizerFields["momentum"] = .number(momentum)
    optimizerFields["weight_decay"] = .number(weightDecay)
    return [
      "preset": .string(preset),
      "network": ["family": "cifar-resnet", "depth": .integer(depth), "width": .integer(width)],
      "data": .string(data),
      "epochs": .integer(epochs),
      "batch_size": .integer(batchSize),
      "schedule": [
        "base": .number(schedule.base), "warmup_epochs": .integer(schedule.warmupEpochs),
        "milestones": .array(
          schedule.milestones.map { ["epoch": .integer($0.epoch), "factor": .number($0.factor)] }),
      ],
      "drw_epoch": drwEpoch.map { .integer($0) } ?? .null,
      "optimizer": .object(optimizerFields),
      // As text, because JSON readers elsewhere lose integers beyond 2⁵³.
      "seed": .string(String(seed)),
      "loss": .string(loss.rawValue),
    ]
  }

  /// Reads what `json` wrote and validates it: a `DataError` for a missing or wrong member, a
  /// `HyperparameterError` for a value out of range.
  public init(_ document: JSONCursor) throws {
    let network = try document.field("network")
    let schedule = try document.field("schedule")
    let milestones = try schedule.field("milestones").elements().map {
      LearningRateSchedule.Milestone(
        epoch: try $0.field("epoch").integer(atLeast: 0), factor: try $0.field("factor").double())
    }
    guard zip(milestones, milestones.dropFirst()).allSatisfy({ $0.epoch < $1.epoch }) else {
      throw try schedule.field("milestones").fault(
        found: "epochs \(milestones.map(\.epoch))", expected: "ascending epochs")
    }
    let optimizer = try document.field("optimizer")
    let seed = try document.field("seed")
    guard let seedValue = UInt64(try seed.string()) else {
      throw seed.fault(found: "\"\(try seed.string())\"", expected: "an unsigned 64-bit integer as text")
    }
    self.init(
      preset: try document.field("preset").string(), depth: try network.field("depth").integer(),
      width: try network.field("width").integer(), data: try document.field("data").string(),
      epochs: try document.field("epochs").integer(), batchSize: try document.field("batch_size").integer(),
      schedule: LearningRateSchedule(
        base: try schedule.field("base").double(),
        warmupEpochs: try schedule.field("warmup_epochs").integer(atLeast: 0), milestones: milestones),
      drwEpoch: try document.optionalField("drw_epoch")?.integer(),
      optimizer: try Self.optimizer(optimizer), momentum: try optimizer.field("momentum").double(),
      weightDecay: try optimizer.field("weight_decay").double(), seed: seedValue,
      loss: try Self.choice(document.field("loss")))
    try validate()
  }

  private static func optimizer(_ fields: JSONCursor) throws -> Optimizer {
    let name = try fields.field("name")
    switch try name.string() {
    case "sgd": return .sgd
    case "sam":
      return .sam(
        rho: try fields.field("rho").double(),
        variant: SAMVariant(
          ascent: try choice(fields.field("ascent")),
          secondPassStatistics: try choice(fields.field("second_pass_statistics"))))
    case let other: throw name.fault(found: "\"\(other)\"", expected: "sgd or sam")
    }
  }

  private static func choice<Choice: RawRepresentable & CaseIterable>(_ field: JSONCursor) throws -> Choice
  where Choice.RawValue == String {
    let text = try field.string()
    guard let value = Choice(rawValue: text) else {
      throw field.fault(
        found: "\"\(text)\"", expected: Choice.allCases.map(\.rawValue).joined(separator: " or "))
    }
    return value
  }
}
