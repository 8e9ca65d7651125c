import EscapementArtifacts
import EscapementNetworks

extension Recipe {
  /// The complete recipe as a JSON object: reading it back gives an equal recipe.
  public var json: JSON {
    [
      "preset": .string(preset),
      "network": .string(architecture.description),
      "data": .string(data),
      "epochs": .integer(epochs),
      "batch_size": .integer(batchSize),
      "schedule": schedule.json,
      "loss": loss.json,
      "weighting": weighting?.json ?? .null,
      "sampling": sampling.json,
      "optimizer": optimizer.json,
      "momentum": .number(momentum),
      "weight_decay": .number(weightDecay),
      "allows_falling_rho": .bool(allowsFallingRho),
      // As text, because many JSON readers lose integers beyond 2⁵³.
      "seed": .string(String(seed)),
    ]
  }

  /// Reads what `json` wrote and validates it. Throws a `DataError` for a missing or wrong member, and a
  /// `HyperparameterError` for a value out of range.
  public init(_ document: JSONCursor) throws {
    let seed = try document.field("seed")
    guard let seedValue = UInt64(try seed.string()) else {
      throw seed.fault(found: "\"\(try seed.string())\"", expected: "an unsigned 64-bit integer as text")
    }
    self.init(
      preset: try document.field("preset").string(),
      architecture: try Architecture(document.field("network")),
      data: try document.field("data").string(), epochs: try document.field("epochs").integer(),
      batchSize: try document.field("batch_size").integer(),
      schedule: try LearningRateSchedule(document.field("schedule")),
      loss: try LossChoice(document.field("loss")),
      weighting: try document.optionalField("weighting").map { try ClassWeighting($0) },
      sampling: try Sampling(document.field("sampling")),
      optimizer: try OptimizerChoice(document.field("optimizer")),
      momentum: try document.field("momentum").double(),
      weightDecay: try document.field("weight_decay").double(),
      allowsFallingRho: try document.field("allows_falling_rho").bool(), seed: seedValue)
    try validate()
  }
}

extension JSONCursor {
  /// The value of a choice with this raw value.
  func choice<Choice: RawRepresentable & CaseIterable>(_ type: Choice.Type = Choice.self) throws -> Choice
  where Choice.RawValue == String {
    let text = try string()
    guard let value = Choice(rawValue: text) else {
      throw fault(found: "\"\(text)\"", expected: Choice.allCases.map(\.rawValue).joined(separator: " or "))
    }
    return value
  }

  /// Passes the `name` of an object to `make`. If that returns nil, throws a fault that lists the known names.
  func named<Value>(
    _ known: String, key: String = "name", _ make: (String) throws -> Value?
  ) throws -> Value {
    let name = try field(key)
    let text = try name.string()
    guard let value = try make(text) else {
      throw name.fault(found: "\"\(text)\"", expected: known)
    }
    return value
  }
}

extension Architecture {
  /// Reads a name.
  init(_ name: JSONCursor) throws {
    guard let architecture = Architecture(try name.string()) else {
      throw name.fault(
        found: "\"\(try name.string())\"",
        expected: "a network's name, such as resnet32-w16, resnet32-w16-cosine or resnet34-w64")
    }
    self = architecture
  }
}

extension LearningRateSchedule {
  /// The base and the curve.
  public var json: JSON {
    switch curve {
    case .steps(let warmup, let divisor, let milestones):
      [
        "name": "steps", "base": .number(base), "warmup_epochs": .integer(warmup),
        "warmup_divisor": .integer(divisor),
        "milestones": .array(
          milestones.map { ["epoch": .integer($0.epoch), "factor": .number($0.factor)] }),
      ]
    case .cosine(let epochs, let ahead):
      ["name": "cosine", "base": .number(base), "epochs": .integer(epochs), "ahead": .integer(ahead)]
    }
  }

  /// Reads what `json` wrote.
  init(_ object: JSONCursor) throws {
    let curve: Curve = try object.named("steps or cosine") { name in
      switch name {
      case "steps":
        .steps(
          warmup: try object.field("warmup_epochs").integer(),
          divisor: try object.field("warmup_divisor").integer(),
          milestones: try object.field("milestones").elements().map {
            Milestone(epoch: try $0.field("epoch").integer(), factor: try $0.field("factor").double())
          })
      case "cosine":
        .cosine(
          epochs: try object.field("epochs").integer(), ahead: try object.field("ahead").integer())
      default: nil
      }
    }
    self.init(base: try object.field("base").double(), curve: curve)
  }
}

extension LossChoice {
  /// The name and the constants.
  public var json: JSON {
    switch self {
    case .crossEntropy: ["name": "cross-entropy"]
    case .ldam(let maximum, let scale):
      ["name": "ldam", "maximum": .number(maximum), "scale": .number(scale)]
    case .ldamOfSSESAM(let maximum, let scale):
      ["name": "ldam-of-sse-sam", "maximum": .number(maximum), "scale": .number(scale)]
    case .vs(let gamma, let tau): ["name": "vs", "gamma": .number(gamma), "tau": .number(tau)]
    case .focal(let gamma, let factor):
      ["name": "focal", "gamma": .number(gamma), "factor": .number(factor)]
    case .influenceBalanced(let alpha, let start):
      ["name": "influence-balanced", "alpha": .number(alpha), "start": .integer(start)]
    case .parametricContrastive(let alpha, let temperature, let queue):
      [
        "name": "parametric-contrastive", "alpha": .number(alpha), "temperature": .number(temperature),
        "queue": .integer(queue),
      ]
    }
  }

  /// Reads what `json` wrote.
  init(_ object: JSONCursor) throws {
    func number(_ key: String) throws -> Double { try object.field(key).double() }
    self = try object.named(
      "cross-entropy, ldam, ldam-of-sse-sam, vs, focal, influence-balanced or parametric-contrastive"
    ) { name in
      switch name {
      case "cross-entropy": .crossEntropy
      case "ldam": .ldam(maximum: try number("maximum"), scale: try number("scale"))
      case "ldam-of-sse-sam": .ldamOfSSESAM(maximum: try number("maximum"), scale: try number("scale"))
      case "vs": .vs(gamma: try number("gamma"), tau: try number("tau"))
      case "focal": .focal(gamma: try number("gamma"), factor: try number("factor"))
      case "influence-balanced":
        .influenceBalanced(alpha: try number("alpha"), start: try object.field("start").integer())
      case "parametric-contrastive":
        .parametricContrastive(
          alpha: try number("alpha"), temperature: try number("temperature"),
          queue: try object.field("queue").integer())
      default: nil
      }
    }
  }
}

extension ClassWeighting {
  /// The weights, their start and divisor.
  public var json: JSON {
    var fields: [String: JSON] = ["start": .integer(start), "divisor": .string(divisor.rawValue)]
    switch kind {
    case .effectiveNumber(let base):
      fields["name"] = "effective-number"
      fields["base"] = .number(base)
    case .inverseFrequency: fields["name"] = "inverse-frequency"
    case .inverseCount: fields["name"] = "inverse-count"
    }
    return .object(fields)
  }

  /// Reads what `json` wrote.
  init(_ object: JSONCursor) throws {
    let kind: Kind = try object.named("effective-number, inverse-frequency or inverse-count") { name in
      switch name {
      case "effective-number": .effectiveNumber(base: try object.field("base").double())
      case "inverse-frequency": .inverseFrequency
      case "inverse-count": .inverseCount
      default: nil
      }
    }
    self.init(
      kind, start: try object.field("start").integer(), divisor: try object.field("divisor").choice())
  }
}

extension Sampling {
  /// The rule and its base.
  public var json: JSON {
    switch self {
    case .uniform: ["name": "uniform"]
    case .effectiveNumber(let base): ["name": "effective-number", "base": .number(base)]
    }
  }

  /// Reads what `json` wrote.
  init(_ object: JSONCursor) throws {
    self = try object.named("uniform or effective-number") { name in
      switch name {
      case "uniform": .uniform
      case "effective-number": .effectiveNumber(base: try object.field("base").double())
      default: nil
      }
    }
  }
}
