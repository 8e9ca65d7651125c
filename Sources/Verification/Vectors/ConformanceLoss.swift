import Artifacts
import LongTail
import Networks

/// A loss by epoch with its constants, as conformance vectors run and describe it.
public struct ConformanceLoss: Sendable {
  /// The name, the third part of the names of its cases.
  public let name: String
  /// The formula's name and constants for a reader; per-class numbers are left for it to compute.
  let fields: [String: JSON]
  /// Whether it is meant for cosine logits: on others a scale of 30 makes steps that amplify roundings
  /// 10⁶-fold.
  var wantsCosines = false
  /// The loss of a 0-based epoch.
  let make: @Sendable (_ epoch: Int) -> any ClassificationLoss

  /// Class weights from some epoch on; ones before.
  struct Weighting: Sendable {
    let json: JSON
    private let weights: [Double]?
    private let start: Int

    static let none = Weighting(json: .null, weights: nil, start: 0)
    /// The effective number, b = 0.9999.
    static func effectiveNumber(from epoch: Int) -> Weighting {
      Weighting(
        json: ["kind": "effective-number", "base": 0.9999, "from_epoch": .integer(epoch)],
        weights: ClassWeights.effectiveNumber(counts: ConformanceData.counts), start: epoch)
    }
    /// 1/n_c, normalised to the sum C.
    static func inverseFrequency(from epoch: Int) -> Weighting {
      Weighting(
        json: ["kind": "inverse-frequency", "from_epoch": .integer(epoch)],
        weights: ClassWeights.inverseFrequency(counts: ConformanceData.counts), start: epoch)
    }
    /// 1/n_c itself (Algorithm 1 of the NeurIPS 2022 supplement).
    static func inverseCount(from epoch: Int) -> Weighting {
      Weighting(
        json: ["kind": "inverse-count", "from_epoch": .integer(epoch)],
        weights: ConformanceData.counts.map { 1 / Double($0) }, start: epoch)
    }

    /// The weights of an epoch; nil: ones.
    func callAsFunction(epoch: Int) -> [Double]? { epoch >= start ? weights : nil }
  }

  /// Adjusted logits with their constants.
  struct Adjustment: Sendable {
    let json: JSON
    let logits: AdjustedLogits

    static func ldam(scale: Double) -> Adjustment {
      Adjustment(
        json: ["kind": "ldam", "maximum": 0.5, "scale": .number(scale)],
        logits: .ldam(counts: ConformanceData.counts, maximum: 0.5, scale: scale))
    }
    static func ldamOfSSESAM(scale: Double) -> Adjustment {
      Adjustment(
        json: ["kind": "ldam-of-sse-sam", "maximum": 0.5, "scale": .number(scale)],
        logits: .ldamOfSSESAM(counts: ConformanceData.counts, maximum: 0.5, scale: scale))
    }
    /// VS; γ = 0 is logit adjustment and τ = 0 the class-dependent temperature.
    static func vs(gamma: Double, tau: Double) -> Adjustment {
      Adjustment(
        json: ["kind": "vs", "gamma": .number(gamma), "tau": .number(tau)],
        logits: .vs(counts: ConformanceData.counts, gamma: gamma, tau: tau))
    }
  }

  /// Cross-entropy, of logits as they are or adjusted.
  static func crossEntropy(
    _ name: String, weights: Weighting = .none, divisor: SoftmaxCrossEntropy.Divisor = .weights,
    adjustment: Adjustment? = nil, wantsCosines: Bool = false
  ) -> ConformanceLoss {
    ConformanceLoss(
      name: name,
      fields: [
        "formula": "cross-entropy", "class_weights": weights.json, "divisor": .string(divisor.rawValue),
        "adjustment": adjustment?.json ?? .null,
      ], wantsCosines: wantsCosines
    ) {
      SoftmaxCrossEntropy(classWeights: weights(epoch: $0), adjustment: adjustment?.logits, divisor: divisor)
    }
  }

  /// The focal loss as released.
  static func focal(
    _ name: String, gamma: Double, factor: Double = 1, weights: Weighting = .none
  ) -> ConformanceLoss {
    ConformanceLoss(
      name: name,
      fields: [
        "formula": "focal", "class_weights": weights.json, "gamma": .number(gamma), "factor": .number(factor),
      ]
    ) { FocalLoss(classWeights: weights(epoch: $0), gamma: gamma, factor: factor) }
  }

  /// Plain cross-entropy until `epoch`, the influence-balanced loss from then on.
  static func influenceBalanced(
    _ name: String, alpha: Double, from epoch: Int, weights: Weighting
  ) -> ConformanceLoss {
    ConformanceLoss(
      name: name,
      fields: [
        "formula": "influence-balanced", "class_weights": weights.json, "alpha": .number(alpha),
        "from_epoch": .integer(epoch),
      ]
    ) {
      $0 < epoch
        ? SoftmaxCrossEntropy()
        : InfluenceBalancedLoss(classWeights: weights(epoch: $0), alpha: alpha) as any ClassificationLoss
    }
  }
}
