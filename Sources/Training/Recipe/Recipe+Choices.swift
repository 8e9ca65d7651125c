import EscapementOptimizers

extension LossChoice {
  /// The losses by their short names, with the constants published for CIFAR.
  public static let byName: [(name: String, loss: LossChoice)] = [
    LossChoice.crossEntropy, .ldam, .ldamOfSSESAM(maximum: 0.5, scale: 30), .vs, .vs(gamma: 0, tau: 0.75),
    .vs(gamma: 0.05, tau: 0), .focal(gamma: 1, factor: 1), .influenceBalanced, .parametricContrastive,
  ].map { ($0.label, $0) }
}

extension OptimizerChoice {
  /// The rules by their short names, with the default constants of their released code; the radius of SAM, ImbSAM,
  /// SSE-SAM's head and GSAM is 0.05.
  public static let byName: [(name: String, optimizer: OptimizerChoice)] = {
    let rho = RhoSchedule.constant(0.05)
    let sam = SAMVariant.Ascent.allCases.flatMap { ascent in
      [StatisticsUpdate.observe, .freeze].map {
        OptimizerChoice.sam(rho: rho, variant: SAMVariant(ascent: ascent, secondPassStatistics: $0))
      }
    }
    let imbSAM = [PartNormalization.doubledTail, .groupMeans, .wholeBatch].map {
      OptimizerChoice.imbSAM(rho: rho, eta: 20, normalization: $0)
    }
    let rest: [OptimizerChoice] = [
      .sseSAM(rhoHead: rho, rhoTail: .constant(0.1), stageFraction: 0.7, eta: 100),
      .pgd(sigma: 1e-4, variant: .weights), .pgd(sigma: 1e-4, variant: .gradient),
      .lpfSGD(radius: 0.001, shards: 8, holding: .nominal), .gsam(rho: rho, alpha: 0.2),
      .lookSAM(rho: .constant(0.1), period: 5, alpha: 0.7),
      .friendlySAM(rho: .constant(0.2), sigma: 1, decay: 0.95),
      .focalSAM(rho: .constant(0.2), gamma: 3, scale: 0.5),
    ]
    return ([.sgd] + sam + imbSAM + rest).map { ($0.label ?? "sgd", $0) }
  }()

  /// The same rule with another radius for all epochs (for SSE-SAM, the tail's); nil for a rule without one.
  public func with(rho: Double) -> OptimizerChoice? {
    // -0 and 0 are one radius, and one recipe has one digest.
    let rho = RhoSchedule.constant(rho == 0 ? 0 : rho)
    switch self {
    case .sgd, .pgd, .lpfSGD, .custom: return nil
    case .sseSAM(let rhoHead, _, let stageFraction, let eta):
      return .sseSAM(rhoHead: rhoHead, rhoTail: rho, stageFraction: stageFraction, eta: eta)
    default: return mappingRadii { _ in rho }
    }
  }

  /// The same rule with every schedule of a radius replaced.
  func mappingRadii(_ change: (RhoSchedule) -> RhoSchedule) -> OptimizerChoice {
    switch self {
    case .sgd, .pgd, .lpfSGD, .custom: self
    case .sam(let rho, let variant): .sam(rho: change(rho), variant: variant)
    case .imbSAM(let rho, let eta, let normalization):
      .imbSAM(rho: change(rho), eta: eta, normalization: normalization)
    case .sseSAM(let rhoHead, let rhoTail, let stageFraction, let eta):
      .sseSAM(rhoHead: change(rhoHead), rhoTail: change(rhoTail), stageFraction: stageFraction, eta: eta)
    case .gsam(let rho, let alpha): .gsam(rho: change(rho), alpha: alpha)
    case .lookSAM(let rho, let period, let alpha): .lookSAM(rho: change(rho), period: period, alpha: alpha)
    case .friendlySAM(let rho, let sigma, let decay):
      .friendlySAM(rho: change(rho), sigma: sigma, decay: decay)
    case .focalSAM(let rho, let gamma, let scale):
      .focalSAM(rho: change(rho), gamma: gamma, scale: scale)
    }
  }

  /// The same rule with another threshold of the tail; nil for a rule without a tail.
  public func with(eta: Int) -> OptimizerChoice? {
    switch self {
    case .imbSAM(let rho, _, let normalization):
      return .imbSAM(rho: rho, eta: eta, normalization: normalization)
    case .sseSAM(let rhoHead, let rhoTail, let stageFraction, _):
      return .sseSAM(rhoHead: rhoHead, rhoTail: rhoTail, stageFraction: stageFraction, eta: eta)
    default: return nil
    }
  }
}
