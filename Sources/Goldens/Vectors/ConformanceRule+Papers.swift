import EscapementOptimizers
import EscapementArtifacts
import EscapementTraining

// The papers' rules. The fields and the rule are made from the same arguments.
extension ConformanceRule {
  package static let descent =
    "descend along d: d = d + decay*w; b = d at step 0, momentum*b + d later; w = w - rate*b"

  package static let sgd = ConformanceRule(
    name: "sgd", fields: ["rule": "sgd"], definition: ["d = g(w), all samples", descent]
  ) { $0 }

  package static func sam(_ name: String, rho: RhoSchedule, variant: SAMVariant) -> ConformanceRule {
    let ascent =
      switch variant.ascent {
      case .normalized: "e = rho * g / (|g| + 1e-12)"
      case .unnormalized: "e = rho * g"
      case .adaptive: "e = rho * w*w*g / (| |w|*g | + 1e-12), entry by entry"
      }
    return ConformanceRule(
      name: name,
      fields: [
        "rule": "sam", "rho": rho.json, "ascent": .string(variant.ascent.rawValue),
        "second_pass_statistics": .string(variant.secondPassStatistics.rawValue),
      ],
      definition: [
        "g = g(w), all samples; running statistics observe", ascent + ", norms over all parameters",
        "d = g(w + e); running statistics as second_pass_statistics says", descent,
      ]
    ) { try SAM(base: $0, rho: rho, variant: variant) }
  }

  package static func imbSAM(_ name: String, rho: RhoSchedule, normalization: PartNormalization)
    -> ConformanceRule
  {
    ConformanceRule(
      name: name, fields: ["rule": "imbsam", "rho": rho.json].merging(normalization.fields) { $1 },
      definition: [
        "h = g_head(w) and t = g_tail(w), from one pass over the whole batch; running statistics observe",
        "e = rho * t / (|t| + 1e-16)", "s = g_tail(w + e); running statistics observe", "d = s + h", descent,
      ], normalization: normalization
    ) { try ImbSAM(base: $0, rho: rho) }
  }

  package static func sseSAM(
    _ name: String, head: RhoSchedule, tail: RhoSchedule, stageFraction: Double
  ) -> ConformanceRule {
    ConformanceRule(
      name: name,
      fields: [
        "rule": "sse-sam", "rho_head": head.json, "rho_tail": tail.json,
        "stage_fraction": .number(stageFraction), "epochs": .integer(ConformanceData.epochs),
      ].merging(PartNormalization.wholeBatch.fields) { $1 },
      definition: [
        "rho_head is 0 from the 0-based epoch e >= stage_fraction * epochs on",
        "h = g_head(w); e = rho_head * h / (|h| + 1e-16); h' = g_head(w + e)",
        "t = g_tail(w); e = rho_tail * t / (|t| + 1e-16); t' = g_tail(w + e)",
        "running statistics observe all four passes", "d = h' + t'", descent,
      ]
    ) {
      try SSESAM(
        base: $0, rhoHead: head, rhoTail: tail, stageFraction: stageFraction, epochs: ConformanceData.epochs)
    }
  }

  package static func pgd(_ name: String, sigma: Double, variant: PGD<SGD<Double>>.Variant) -> ConformanceRule
  {
    let place =
      switch variant {
      case .weights: ["d = g(w)", descent, "w = w + sigma*noise"]
      case .gradient: ["d = g(w) + sigma*noise", descent]
      }
    return ConformanceRule(
      name: name,
      fields: ["rule": "pgd", "sigma": .number(sigma), "noise_on": .string(variant.rawValue)],
      definition: place, draws: { [UInt64($0)] }
    ) { try PGD(base: $0, sigma: sigma, variant: variant, seed: ConformanceData.seed) }
  }

  package static func lpfSGD(
    _ name: String, radius: Double, shards: Int, shardSize: Int? = nil
  ) -> ConformanceRule {
    ConformanceRule(
      name: name,
      fields: [
        "rule": "lpf-sgd", "radius": .number(radius), "shards": .integer(shards),
        "shard_size": .optional(shardSize),
      ],
      definition: [
        "shard m: samples [m*s, (m+1)*s) of the batch, s = shard_size or ceil(B/shards); empty ones give 0",
        "deviation: radius * |f|, f the entries of one first index; of a vector t: radius * (|t| + 1e-16)",
        "d = sum over m of g_m(w + deviation*noise_m) / shards, each with its own batch statistics", descent,
      ], shardSize: shardSize,
      draws: { step in (0..<shards).map { UInt64(step) << 16 | UInt64($0) } }
    ) { try LPFSGD(base: $0, radius: radius, shards: shards, seed: ConformanceData.seed) }
  }
}

extension PartNormalization {
  fileprivate var fields: [String: JSON] {
    ["part_divisor": .string(divisor.rawValue), "tail_factor": .number(tailFactor)]
  }
}
