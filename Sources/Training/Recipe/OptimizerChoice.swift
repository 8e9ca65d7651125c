import EscapementOptimizers
import EscapementKernels

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
  /// GSAM with a radius by epoch; its second pass freezes the statistics.
  case gsam(rho: RhoSchedule, alpha: Double)
  /// LookSAM; both passes observe.
  case lookSAM(rho: RhoSchedule, period: Int, alpha: Double)
  /// Friendly SAM; its second pass freezes the statistics.
  case friendlySAM(rho: RhoSchedule, sigma: Double, decay: Double)
  /// Focal-SAM with the shares of `FocalSharpness`.
  case focalSAM(rho: RhoSchedule, gamma: Double, scale: Double)

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
    case .gsam(let rho, let alpha): return try GSAM(base: base, radius: .schedule(rho), alpha: alpha)
    case .lookSAM(let rho, let period, let alpha):
      return try LookSAM(base: base, rho: rho, period: period, alpha: alpha)
    case .friendlySAM(let rho, let sigma, let decay):
      return try FriendlySAM(base: base, rho: rho, sigma: sigma, decay: decay)
    case .focalSAM(let rho, _, _): return try FocalSAM(base: base, rho: rho)
    }
  }

  /// The radii by epoch that grow with re-weighting in Algorithm 1 of the NeurIPS 2022 supplement.
  public var radii: [RhoSchedule] {
    switch self {
    case .sgd, .pgd, .lpfSGD: []
    case .sam(let rho, _), .imbSAM(let rho, _, _), .gsam(let rho, _), .lookSAM(let rho, _, _),
      .friendlySAM(let rho, _, _), .focalSAM(let rho, _, _):
      [rho]
    case .sseSAM(let rhoHead, let rhoTail, _, _): [rhoHead, rhoTail]
    }
  }

  /// η, below whose number of pictures a class is in the tail; nil where the rule knows no tail.
  public var eta: Int? {
    switch self {
    case .imbSAM(_, let eta, _), .sseSAM(_, _, _, let eta): eta
    default: nil
    }
  }

  /// The tail among classes of these counts.
  public func tail(counts: [Int]) -> Set<Int> {
    guard let eta else { return [] }
    return Set(counts.indices.filter { counts[$0] < eta })
  }

  /// The shares of classes with these counts in the part that Focal-SAM perturbs; nil for other rules.
  public func sharpness(counts: [Int]) throws -> FocalSharpness? {
    guard case .focalSAM(_, let gamma, let scale) = self else { return nil }
    return try FocalSharpness(counts: counts, gamma: gamma, scale: scale)
  }

  /// What the losses of head and tail are divided by.
  public var normalization: PartNormalization {
    if case .imbSAM(_, _, let normalization) = self { return normalization }
    return .wholeBatch
  }

  /// Oracle queries of `steps` steps that begin after `start` others, none of them skipped: what `StepRecord.evaluations`
  /// adds up to. 1 a step for SGD and PGD, 2 for SAM, GSAM and Friendly SAM, 3 for ImbSAM and Focal-SAM, 4 for SSE-SAM, M
  /// for LPF-SGD, and for LookSAM 2 in every k-th step and 1 in the others.
  public func evaluations(steps: Int, after start: Int) -> Int {
    switch self {
    case .sgd, .pgd: steps
    case .sam, .gsam, .friendlySAM: 2 * steps
    case .imbSAM, .focalSAM: 3 * steps
    case .sseSAM: 4 * steps
    case .lpfSGD(_, let shards, _): shards * steps
    case .lookSAM(_, let period, _):
      // The multiples of k in start ..< start + steps.
      steps + Self.multiples(of: period, below: start + steps) - Self.multiples(of: period, below: start)
    }
  }

  /// ⌈end/k⌉, the multiples of k in 0 ..< end.
  private static func multiples(of k: Int, below end: Int) -> Int {
    end / k + (end.isMultiple(of: k) ? 0 : 1)
  }

  /// The samples in a shard for a nominal batch size; nil: as many as the batch at hand needs.
  public func shardSize(batchSize: Int) -> Int? {
    guard case .lpfSGD(_, let shards, .nominal) = self else { return nil }
    return max(batchSize / shards, 1)
  }

  /// The runs of a batch's samples that the rule asks for as batches by themselves: its shards, or the whole.
  func batchParts(count: Int, batchSize: Int) -> [Range<Int>] {
    guard case .lpfSGD(_, let shards, _) = self else { return [0..<count] }
    let size = shardSize(batchSize: batchSize) ?? (count + shards - 1) / shards
    return stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
  }

  /// Throws `HyperparameterError` for a threshold below 1, radii that end before the run, or fixed shards that do not
  /// hold a batch.
  func validate(batchSize: Int, epochs: Int) throws {
    for schedule in radii { try schedule.checkCovers(epochs: epochs) }
    if let eta, eta < 1 {
      throw HyperparameterError(name: "eta", value: "\(eta)", expected: "at least 1")
    }
    _ = try sharpness(counts: [1])
    if case .lpfSGD(_, let shards, .nominal) = self, batchSize % shards != 0 {
      throw HyperparameterError(
        name: "batch size", value: "\(batchSize)",
        expected: "a multiple of the \(shards) shards it is cut into")
    }
  }
}
