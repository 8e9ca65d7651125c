import EscapementOptimizers
import EscapementArtifacts
import EscapementTraining

// Rules from outside the two papers, for comparison.
extension ConformanceRule {
  private static let ascent = "g = g(w); e = rho * g / (|g| + 1e-12); s = g(w + e)"
  private static let statistics = "running statistics observe g; s as second_pass_statistics says"

  package static func gsam(
    _ name: String, radius: GSAM<SGD<Double>>.Radius, alpha: Double, secondPass: StatisticsUpdate
  ) -> ConformanceRule {
    let rho: JSON =
      switch radius {
      case .schedule(let schedule): schedule.json
      case .withLearningRate(let smallest, let largest, let lowestRate, let highestRate):
        [
          "name": "with-learning-rate", "smallest": .number(smallest), "largest": .number(largest),
          "lowest_rate": .number(lowestRate), "highest_rate": .number(highestRate),
        ]
      }
    return ConformanceRule(
      name: name,
      fields: [
        "rule": "gsam", "rho": rho, "alpha": .number(alpha),
        "second_pass_statistics": .string(secondPass.rawValue),
      ],
      definition: [
        ascent, statistics, "r = g - (<g, s>/<s, s>) * s", "d = s - alpha * r", descent,
      ]
    ) { try GSAM(base: $0, radius: radius, alpha: alpha, secondPassStatistics: secondPass) }
  }

  package static func lookSAM(
    _ name: String, rho: RhoSchedule, period: Int, alpha: Double, secondPass: StatisticsUpdate
  ) -> ConformanceRule {
    ConformanceRule(
      name: name,
      fields: [
        "rule": "looksam", "rho": rho.json, "period": .integer(period), "alpha": .number(alpha),
        "second_pass_statistics": .string(secondPass.rawValue),
      ],
      definition: [
        "in steps 0, period, 2*period, ...: " + ascent + "; v = s - (<s, g>/<g, g>) * g; d = s", statistics,
        "in the others: d = g + alpha * |g| / (|v| + 1e-12) * v, with the v kept; rho is reported as 0",
        descent,
      ]
    ) {
      try LookSAM(base: $0, rho: rho, period: period, alpha: alpha, secondPassStatistics: secondPass)
    }
  }

  package static func friendlySAM(
    _ name: String, rho: RhoSchedule, sigma: Double, decay: Double, secondPass: StatisticsUpdate
  ) -> ConformanceRule {
    ConformanceRule(
      name: name,
      fields: [
        "rule": "friendly-sam", "rho": rho.json, "sigma": .number(sigma), "decay": .number(decay),
        "second_pass_statistics": .string(secondPass.rawValue),
      ],
      definition: [
        "g = g(w); f = g - sigma*m, m = decay*m + (1 - decay)*g; in step 0 f = g, m = g",
        "e = rho * f / (|f| + 1e-12); d = g(w + e)",
        "running statistics observe g; d as second_pass_statistics says",
        descent,
      ]
    ) {
      try FriendlySAM(base: $0, rho: rho, sigma: sigma, decay: decay, secondPassStatistics: secondPass)
    }
  }

  package static func focalSAM(_ name: String, rho: RhoSchedule, sharpness: FocalSharpness) -> ConformanceRule
  {
    ConformanceRule(
      name: name,
      fields: [
        "rule": "focal-sam", "rho": rho.json, "gamma": .number(sharpness.gamma),
        "scale": .number(sharpness.scale), "part_divisor": "batch", "tail_factor": 1.0,
      ],
      definition: [
        "share of class c: scale * (1 - n_c/sum n)^gamma; a sample counts 1 - share in the head, share in the tail",
        "h = g_head(w) and t = g_tail(w), from one pass; running statistics observe",
        "e = rho * t / (|t| + 1e-12)", "s = g_tail(w + e); running statistics observe", "d = s + h", descent,
      ], sharpness: sharpness
    ) { try FocalSAM(base: $0, rho: rho) }
  }
}
