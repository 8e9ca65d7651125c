import EscapementArtifacts
import EscapementOptimizers
import EscapementKernels

/// An update rule by name and constants, with its requirements for the oracle.
public enum OptimizerChoice: Hashable, Sendable {
  /// SGD with momentum.
  case sgd
  /// SAM around SGD.
  case sam(rho: RhoSchedule, variant: SAMVariant)
  /// ImbSAM; its tail is the classes with fewer than `eta` images.
  case imbSAM(rho: RhoSchedule, eta: Int, normalization: PartNormalization)
  /// SSE-SAM; its tail is defined in the same way.
  case sseSAM(rhoHead: RhoSchedule, rhoTail: RhoSchedule, stageFraction: Double, eta: Int)
  /// Perturbed gradient descent.
  case pgd(sigma: Double, variant: PGDVariant)
  /// LPF-SGD.
  case lpfSGD(radius: Double, shards: Int, holding: OracleSettings.Shards.Size)
  /// GSAM with a radius by epoch; its second pass freezes the statistics.
  case gsam(rho: RhoSchedule, alpha: Double)
  /// LookSAM; both passes update the statistics.
  case lookSAM(rho: RhoSchedule, period: Int, alpha: Double)
  /// Friendly SAM; its second pass freezes the statistics.
  case friendlySAM(rho: RhoSchedule, sigma: Double, decay: Double)
  /// Focal-SAM with the shares of `FocalSharpness`.
  case focalSAM(rho: RhoSchedule, gamma: Double, scale: Double)
  /// A rule that is not part of this package. The caller passes it to `Trainer` or `TrainingLoop` beside the recipe.
  ///
  /// `name` (letters, digits and "-") and `parameters` are recorded in `run.json`. Momentum and weight decay are in the
  /// recipe: a rule that has them uses `Recipe.momentum` and `Recipe.weightDecay`.
  case custom(name: String, parameters: [String: JSON] = [:], oracle: OracleSettings = OracleSettings())

  /// The rule before its first step, for a run of `epochs`. Throws `HyperparameterError` for constants out of range,
  /// and for a rule that is not part of this package.
  func makeRule<Base: DescentRule>(base: Base, epochs: Int, seed: UInt64) throws -> any UpdateRule<
    Base.Element
  > {
    switch self {
    case .sgd: return base
    case .sam(let rho, let variant): return try SAM(base: base, rho: rho, variant: variant)
    case .imbSAM(let rho, _, _): return try ImbSAM(base: base, rho: rho)
    case .sseSAM(let rhoHead, let rhoTail, let stageFraction, _):
      return try SSESAM(
        base: base, rhoHead: rhoHead, rhoTail: rhoTail, stageFraction: stageFraction, epochs: epochs)
    case .pgd(let sigma, let variant): return try PGD(base: base, sigma: sigma, variant: variant, seed: seed)
    case .lpfSGD(let radius, let shards, _):
      return try LPFSGD(base: base, radius: radius, shards: shards, seed: seed)
    case .gsam(let rho, let alpha): return try GSAM(base: base, radius: .schedule(rho), alpha: alpha)
    case .lookSAM(let rho, let period, let alpha):
      return try LookSAM(base: base, rho: rho, period: period, alpha: alpha)
    case .friendlySAM(let rho, let sigma, let decay):
      return try FriendlySAM(base: base, rho: rho, sigma: sigma, decay: decay)
    case .focalSAM(let rho, _, _): return try FocalSAM(base: base, rho: rho)
    case .custom(let name, _, _):
      throw HyperparameterError(
        name: "optimizer", value: name,
        expected:
          "a rule of this package, or that rule itself beside the recipe: only the program that has it can train it"
      )
    }
  }

  /// Whether the caller provides the rule.
  var isCustom: Bool { if case .custom = self { true } else { false } }

  /// The radii by epoch that increase with re-weighting in Algorithm 1 of the NeurIPS 2022 supplement.
  public var radii: [RhoSchedule] {
    switch self {
    case .sgd, .pgd, .lpfSGD, .custom: []
    case .sam(let rho, _), .imbSAM(let rho, _, _), .gsam(let rho, _), .lookSAM(let rho, _, _),
      .friendlySAM(let rho, _, _), .focalSAM(let rho, _, _):
      [rho]
    case .sseSAM(let rhoHead, let rhoTail, _, _): [rhoHead, rhoTail]
    }
  }

  /// The rule's requirements for its oracle.
  public var oracle: OracleSettings {
    switch self {
    case .sgd, .sam, .pgd, .gsam, .lookSAM, .friendlySAM: OracleSettings()
    case .imbSAM(_, let eta, let normalization): OracleSettings(eta: eta, normalization: normalization)
    case .sseSAM(_, _, _, let eta): OracleSettings(eta: eta)
    case .lpfSGD(_, let shards, let size): OracleSettings(shards: .init(count: shards, size: size))
    case .focalSAM(_, let gamma, let scale): OracleSettings(sharpness: .init(gamma: gamma, scale: scale))
    case .custom(_, _, let oracle): oracle
    }
  }

  /// The number of oracle queries in `steps` steps that follow `start` others, none of them skipped: the sum of
  /// `StepRecord.evaluations`. It is 1 per step for SGD and PGD, 2 for SAM, GSAM and Friendly SAM, 3 for ImbSAM and
  /// Focal-SAM, 4 for SSE-SAM, M for LPF-SGD, and for LookSAM 2 in every k-th step and 1 in the others; nil for a rule
  /// that is not part of this package.
  public func evaluations(steps: Int, after start: Int) -> Int? {
    switch self {
    case .sgd, .pgd: steps
    case .sam, .gsam, .friendlySAM: 2 * steps
    case .imbSAM, .focalSAM: 3 * steps
    case .sseSAM: 4 * steps
    case .lpfSGD(_, let shards, _): shards * steps
    case .lookSAM(_, let period, _):
      // The number of multiples of k in start ..< start + steps.
      steps + Self.multiples(of: period, below: start + steps) - Self.multiples(of: period, below: start)
    case .custom: nil
    }
  }

  /// ⌈end/k⌉, the number of multiples of k in 0 ..< end.
  private static func multiples(of k: Int, below end: Int) -> Int {
    end / k + (end.isMultiple(of: k) ? 0 : 1)
  }

  /// Throws `HyperparameterError` for radii that end before the run, oracle settings out of range, or a custom rule
  /// without a name of its own.
  func validate(batchSize: Int, epochs: Int) throws {
    for schedule in radii { try schedule.checkCovers(epochs: epochs) }
    try oracle.validate(batchSize: batchSize)
    guard case .custom(let name, _, _) = self else { return }
    let isWord = !name.isEmpty && name.unicodeScalars.allSatisfy { $0 == "-" || $0.isASCIIWordCharacter }
    guard isWord, !Self.byName.contains(where: { $0.name == name }) else {
      throw HyperparameterError(
        name: "name of the rule", value: name,
        expected: "letters, digits and \"-\", and no name of a rule of this package")
    }
  }
}

extension Unicode.Scalar {
  fileprivate var isASCIIWordCharacter: Bool {
    ("a"..."z").contains(self) || ("A"..."Z").contains(self) || ("0"..."9").contains(self)
  }
}
