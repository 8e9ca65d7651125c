import EscapementOptimizers
import EscapementArtifacts

extension OptimizerChoice {
  /// The name and the constants.
  public var json: JSON {
    switch self {
    case .sgd: ["name": "sgd"]
    case .sam(let rho, let variant):
      [
        "name": "sam", "rho": rho.json, "ascent": .string(variant.ascent.rawValue),
        "second_pass_statistics": .string(variant.secondPassStatistics.rawValue),
      ]
    case .imbSAM(let rho, let eta, let normalization):
      [
        "name": "imbsam", "rho": rho.json, "eta": .integer(eta),
        "part_divisor": .string(normalization.divisor.rawValue),
        "tail_factor": .number(normalization.tailFactor),
      ]
    case .sseSAM(let rhoHead, let rhoTail, let stageFraction, let eta):
      [
        "name": "sse-sam", "rho_head": rhoHead.json, "rho_tail": rhoTail.json,
        "stage_fraction": .number(stageFraction), "eta": .integer(eta),
      ]
    case .pgd(let sigma, let variant):
      ["name": "pgd", "sigma": .number(sigma), "noise": .string(variant.rawValue)]
    case .lpfSGD(let radius, let shards, let holding):
      [
        "name": "lpf-sgd", "radius": .number(radius), "shards": .integer(shards),
        "shard_size": .string(holding.rawValue),
      ]
    case .gsam(let rho, let alpha): ["name": "gsam", "rho": rho.json, "alpha": .number(alpha)]
    case .lookSAM(let rho, let period, let alpha):
      ["name": "looksam", "rho": rho.json, "period": .integer(period), "alpha": .number(alpha)]
    case .friendlySAM(let rho, let sigma, let decay):
      ["name": "friendly-sam", "rho": rho.json, "sigma": .number(sigma), "decay": .number(decay)]
    case .focalSAM(let rho, let gamma, let scale):
      ["name": "focal-sam", "rho": rho.json, "gamma": .number(gamma), "scale": .number(scale)]
    case .custom(let name, let parameters, let oracle):
      [
        "name": "custom", "rule": .string(name), "parameters": .object(parameters), "oracle": oracle.json,
      ]
    }
  }

  /// Reads what `json` wrote.
  init(_ object: JSONCursor) throws {
    func rho(_ key: String) throws -> RhoSchedule { try RhoSchedule(object.field(key)) }
    func number(_ key: String) throws -> Double { try object.field(key).double() }
    func integer(_ key: String) throws -> Int { try object.field(key).integer() }
    self = try object.named(
      "sgd, sam, imbsam, sse-sam, pgd, lpf-sgd, gsam, looksam, friendly-sam, focal-sam or custom"
    ) { name in
      switch name {
      case "sgd": .sgd
      case "sam":
        .sam(
          rho: try rho("rho"),
          variant: SAMVariant(
            ascent: try object.field("ascent").choice(),
            secondPassStatistics: try object.field("second_pass_statistics").choice()))
      case "imbsam":
        .imbSAM(
          rho: try rho("rho"), eta: try integer("eta"),
          normalization: try PartNormalization(
            divisor: object.field("part_divisor").choice(), tailFactor: number("tail_factor")))
      case "sse-sam":
        .sseSAM(
          rhoHead: try rho("rho_head"), rhoTail: try rho("rho_tail"),
          stageFraction: try number("stage_fraction"), eta: try integer("eta"))
      case "pgd": .pgd(sigma: try number("sigma"), variant: try object.field("noise").choice())
      case "lpf-sgd":
        .lpfSGD(
          radius: try number("radius"), shards: try integer("shards"),
          holding: try object.field("shard_size").choice())
      case "gsam": .gsam(rho: try rho("rho"), alpha: try number("alpha"))
      case "looksam":
        .lookSAM(rho: try rho("rho"), period: try integer("period"), alpha: try number("alpha"))
      case "friendly-sam":
        .friendlySAM(rho: try rho("rho"), sigma: try number("sigma"), decay: try number("decay"))
      case "focal-sam":
        .focalSAM(rho: try rho("rho"), gamma: try number("gamma"), scale: try number("scale"))
      case "custom":
        .custom(
          name: try object.field("rule").string(), parameters: try object.field("parameters").members(),
          oracle: try OracleSettings(object.field("oracle")))
      default: nil
      }
    }
  }
}

extension RhoSchedule {
  /// The kind and its radii.
  public var json: JSON {
    switch self {
    case .constant(let rho): ["name": "constant", "rho": .number(rho)]
    case .steps(let first, let milestones):
      [
        "name": "steps", "first": .number(first),
        "milestones": .array(milestones.map { ["epoch": .integer($0.epoch), "rho": .number($0.rho)] }),
      ]
    case .linear(let first, let last, let epochs):
      ["name": "linear", "first": .number(first), "last": .number(last), "epochs": .integer(epochs)]
    }
  }

  /// Reads what `json` wrote.
  init(_ object: JSONCursor) throws {
    func number(_ key: String) throws -> Double { try object.field(key).double() }
    self = try object.named("constant, steps or linear") { name in
      switch name {
      case "constant": .constant(try number("rho"))
      case "steps":
        .steps(
          first: try number("first"),
          then: try object.field("milestones").elements().map {
            Milestone(epoch: try $0.field("epoch").integer(), rho: try $0.field("rho").double())
          })
      case "linear":
        .linear(
          first: try number("first"), last: try number("last"),
          epochs: try object.field("epochs").integer())
      default: nil
      }
    }
  }
}
