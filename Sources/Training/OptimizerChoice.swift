import Kernels

/// An update rule by name and constants, with what it asks of the oracle.
public enum OptimizerChoice: Hashable, Sendable {
  /// Which samples a shard of LPF-SGD holds.
  public enum Shards: String, Hashable, Sendable, CaseIterable {
    /// ⌈B/M⌉ of the batch at hand.
    case even
    /// ⌊batch size/M⌋, so that an epoch's smaller last batch has fewer shards: the released code.
    case nominal
  }

  /// SGD with momentum.
  case sgd
  /// SAM around it.
  case sam(rho: RhoSchedule, variant: SAMVariant)
  /// ImbSAM; its tail are the classes with fewer than `eta` pictures.
  case imbSAM(rho: RhoSchedule, eta: Int, normalization: PartNormalization)
  /// SSE-SAM, likewise.
  case sseSAM(rhoHead: RhoSchedule, rhoTail: RhoSchedule, stageFraction: Double, eta: Int)
  /// Perturbed gradient descent.
  case pgd(sigma: Double, variant: PGDVariant)
  /// LPF-SGD.
  case lpfSGD(radius: Double, shards: Int, holding: Shards)

  /// The rule at its first step, for a run of `epochs`.
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
    }
  }

  /// The radii by epoch that grow with re-weighting in Algorithm 1 of the NeurIPS 2022 supplement.
  public var radii: [RhoSchedule] {
    switch self {
    case .sgd, .pgd, .lpfSGD: []
    case .sam(let rho, _), .imbSAM(let rho, _, _): [rho]
    case .sseSAM(let rhoHead, let rhoTail, _, _): [rhoHead, rhoTail]
    }
  }

  /// η, below whose number of pictures a class is in the tail; nil where the rule knows no tail.
  public var eta: Int? {
    switch self {
    case .sgd, .sam, .pgd, .lpfSGD: nil
    case .imbSAM(_, let eta, _), .sseSAM(_, _, _, let eta): eta
    }
  }

  /// The tail among classes of these counts.
  public func tail(counts: [Int]) -> Set<Int> {
    guard let eta else { return [] }
    return Set(counts.indices.filter { counts[$0] < eta })
  }

  /// What the losses of head and tail are divided by.
  var normalization: PartNormalization {
    if case .imbSAM(_, _, let normalization) = self { return normalization }
    return .wholeBatch
  }

  /// The samples in a shard for a nominal batch size; nil: as many as the batch at hand needs.
  func shardSize(batchSize: Int) -> Int? {
    guard case .lpfSGD(_, let shards, .nominal) = self else { return nil }
    return max(batchSize / shards, 1)
  }

  /// Throws `HyperparameterError` for a threshold below 1, radii that end before the run, or fixed shards that do not
  /// hold a batch.
  func validate(batchSize: Int, epochs: Int) throws {
    for schedule in radii { try schedule.checkCovers(epochs: epochs) }
    if let eta, eta < 1 {
      throw HyperparameterError(name: "eta", value: "\(eta)", expected: "at least 1")
    }
    if case .lpfSGD(_, let shards, .nominal) = self, batchSize % shards != 0 {
      throw HyperparameterError(
        name: "batch size", value: "\(batchSize)",
        expected: "a multiple of the \(shards) shards it is cut into")
    }
  }
}
