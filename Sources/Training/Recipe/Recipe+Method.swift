import EscapementNetworks

extension Recipe {
  /// The method's name LOSS[-WEIGHTING][-OPTIMIZER] according to the resolved values: "ce", "ldam-drw-sam",
  /// "ce-imbsam-means".
  ///
  /// A part with its default value is omitted; constants (radii, rates, thresholds) are not included.
  public var method: String {
    [loss.label, weightingLabel, sampling == .uniform ? nil : "rs", optimizer.label]
      .compactMap { $0 }.joined(separator: "-")
  }

  private var weightingLabel: String? {
    guard let weighting else { return nil }
    switch (weighting.kind, loss) {
    // The influence-balanced loss is published with these weights, so they are not named.
    case (.inverseFrequency, .influenceBalanced(_, weighting.start)): return nil
    case (.effectiveNumber, _): return weighting.start == 0 ? "rw" : "drw"
    case (.inverseFrequency, _): return weighting.start == 0 ? "rwfrequency" : "drwfrequency"
    case (.inverseCount, _): return weighting.start == 0 ? "rwcount" : "drwcount"
    }
  }
}

extension LossChoice {
  /// The short name in the names of methods.
  public var label: String {
    switch self {
    case .crossEntropy: "ce"
    case .ldam: "ldam"
    case .ldamOfSSESAM: "ldamlinear"
    case .vs(gamma: 0, tau: 0): "ce"
    case .vs(gamma: 0, tau: _): "la"
    case .vs(gamma: _, tau: 0): "cdt"
    case .vs: "vs"
    case .focal: "focal"
    case .influenceBalanced: "ib"
    case .parametricContrastive: "paco"
    }
  }

  /// The last layer with which the loss was published: cosine logits for LDAM, because its scale of 30 would otherwise
  /// multiply unbounded logits; a projection head beside the logits for PaCo.
  public var classifier: Classifier {
    switch self {
    case .ldam: .cosine
    case .parametricContrastive: .projected
    default: .linear
    }
  }
}

extension OptimizerChoice {
  /// The short name in the names of methods; nil for SGD.
  public var label: String? {
    switch self {
    case .sgd: nil
    case .sam(_, .released): "sam"
    case .sam(_, .recommended): "samfrozen"
    case .sam(_, let variant):
      "sam\(variant.ascent.rawValue)\(variant.secondPassStatistics == .freeze ? "frozen" : "")"
    case .imbSAM(_, _, .doubledTail): "imbsam"
    case .imbSAM(_, _, .groupMeans): "imbsam-means"
    case .imbSAM(_, _, .wholeBatch): "imbsam-undoubled"
    case .imbSAM(_, _, let parts): "imbsam-\(parts.divisor.rawValue)x\(parts.tailFactor)"
    case .sseSAM: "sse-sam"
    case .pgd(_, .weights): "pgd"
    case .pgd(_, .gradient): "pgd-gradient"
    case .lpfSGD: "lpf-sgd"
    case .gsam: "gsam"
    case .lookSAM: "looksam"
    case .friendlySAM: "friendly-sam"
    case .focalSAM: "focal-sam"
    case .custom(let name, _, _): name
    }
  }
}
