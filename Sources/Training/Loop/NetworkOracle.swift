import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementNetworks

/// Computes gradients over one mini-batch with a network under batch statistics.
///
/// Each query is one forward and backward pass over the same images. `.observe` folds the batch's means and variances
/// into the running statistics; `.freeze` does not.
///
/// - `.head` and `.tail`: the forward pass and its batch statistics are over the whole batch; the loss is that of the
///   part alone, according to `normalization`. `samples` and `correct` count the part. With `sharpness` every sample
///   belongs to both parts, with its class's share c to the tail and with 1 − c to the head.
/// - `.shard(index, count)`: evaluated as a separate batch, with its own batch statistics and its own mean loss. Shards
///   are consecutive; if the batch has too few samples, the last shards are smaller or empty. An empty shard does not
///   update the statistics.
public struct NetworkOracle<Element: Real>: GradientOracle {
  /// The network and the loss.
  public let objective: Objective<Element>
  private let batch: DividedBatch<Element>
  /// The classes of the tail.
  public let tail: Set<Int>
  /// Shares of the classes in the tail, instead of `tail`; for cross-entropy losses only.
  public let sharpness: FocalSharpness?
  /// The divisors of the losses of head and tail.
  public let normalization: PartNormalization
  /// The number of samples in a shard, such that `count` shards hold the batch; nil means ⌈B/count⌉.
  public let shardSize: Int?
  /// Batch norm's running statistics after the queries so far.
  public private(set) var statistics: ParameterVector<Element>
  /// The number of queries so far.
  public private(set) var evaluations = 0

  /// An oracle for one mini-batch, before any query.
  ///
  /// The tail of ImbSAM and SSE-SAM is the classes with fewer than η images (`ClassGroups(byCount:many:few:)`); without
  /// a tail every sample is in the head. The released code of LPF-SGD uses for `shardSize` the nominal batch size
  /// divided by M, so that an epoch's smaller last batch has fewer shards. `sharpness` is for Focal-SAM, and cannot be
  /// combined with a tail set or with divisors other than the batch's. (With class weights Focal-SAM's code still
  /// divides by B, like the cross-entropy's divisor `.samples`.)
  public init(
    objective: Objective<Element>, batch: LabeledBatch<Element>, statistics: ParameterVector<Element>,
    tail: Set<Int> = [], sharpness: FocalSharpness? = nil, normalization: PartNormalization = .wholeBatch,
    shardSize: Int? = nil
  ) {
    self.init(
      objective: objective, divided: DividedBatch(batch), statistics: statistics,
      settings: ResolvedOracleSettings(
        tail: tail, sharpness: sharpness, normalization: normalization, shardSize: shardSize))
  }

  /// The same, with a rule's settings.
  package init(
    objective: Objective<Element>, batch: LabeledBatch<Element>, statistics: ParameterVector<Element>,
    settings: ResolvedOracleSettings
  ) {
    self.init(
      objective: objective, divided: DividedBatch(batch), statistics: statistics, settings: settings)
  }

  /// The same, for a mini-batch that may be divided among several ranks.
  init(
    objective: Objective<Element>, divided batch: DividedBatch<Element>,
    statistics: ParameterVector<Element>, settings: ResolvedOracleSettings
  ) {
    let (tail, sharpness, normalization, shardSize) = (
      settings.tail, settings.sharpness, settings.normalization, settings.shardSize
    )
    precondition(
      sharpness == nil || objective.loss is SoftmaxCrossEntropy,
      "shares of \(type(of: objective.loss)), not of a cross-entropy")
    precondition(
      sharpness == nil || (tail.isEmpty && normalization.divisor == .batch),
      "shares come instead of a tail set, over the whole batch")
    precondition(shardSize.map { $0 >= 1 } ?? true, "shards of \(shardSize ?? 0)")
    self.objective = objective
    self.batch = batch
    self.statistics = statistics
    self.tail = tail
    self.sharpness = sharpness
    self.normalization = normalization
    self.shardSize = shardSize
  }

  /// Loss and gradient of a part; see the type's description.
  public mutating func evaluate(
    at point: ParameterVector<Element>, on part: BatchPart, statistics update: StatisticsUpdate
  ) throws -> Evaluation<Element> {
    evaluations += 1
    let (evaluation, observed) =
      switch part {
      case .all: objective.trainingStep(at: point, batch: batch.whole)
      case .head:
        sharpness.map { evaluate(at: point, factor: 1, shares: $0.shares.map { 1 - $0 }) }
          ?? evaluate(at: point, factor: 1) { !tail.contains($0) }
      case .tail:
        sharpness.map { evaluate(at: point, factor: normalization.tailFactor, shares: $0.shares) }
          ?? evaluate(at: point, factor: normalization.tailFactor) { tail.contains($0) }
      case .shard(let index, let count): evaluate(at: point, shard: index, of: count)
      }
    try batch.check()
    if update == .observe { statistics = observed.folded(into: statistics) }
    return evaluation
  }

  private typealias Answer = (evaluation: Evaluation<Element>, observed: BatchStatistics)

  private func evaluate(
    at point: ParameterVector<Element>, factor: Double, where isCounted: (Int) -> Bool
  ) -> Answer {
    let positions = batch.labels.indices.filter { isCounted(batch.labels[$0]) }
    let weighed =
      switch normalization.divisor {
      case .batch: batch.labels
      case .part: positions.map { batch.labels[$0] }
      }
    let divisor = objective.loss.totalWeight(of: weighed) / factor
    return objective.trainingStep(
      at: point, batch: batch.whole, counting: positions, divisor: divisor)
  }

  private func evaluate(at point: ParameterVector<Element>, factor: Double, shares: [Double]) -> Answer {
    guard let loss = objective.loss as? SoftmaxCrossEntropy else {
      preconditionFailure("shares of \(type(of: objective.loss))")
    }
    let weights = shares.indices.map { shares[$0] * (loss.classWeights?[$0] ?? 1) }
    let weighed = Objective<Element>(
      network: objective.network,
      loss: SoftmaxCrossEntropy(classWeights: weights, adjustment: loss.adjustment))
    return weighed.trainingStep(
      at: point, batch: batch.whole, counting: Array(batch.labels.indices),
      divisor: loss.totalWeight(of: batch.labels) / factor)
  }

  private func evaluate(at point: ParameterVector<Element>, shard index: Int, of count: Int) -> Answer {
    precondition(count >= 1 && index >= 0 && index < count, "shard \(index) of \(count)")
    let size = shardSize ?? (batch.labels.count + count - 1) / count
    precondition(
      size * count >= batch.labels.count,
      "\(count) shards of \(size) do not hold \(batch.labels.count) samples")
    let start = min(index * size, batch.labels.count)
    let range = start..<min(start + size, batch.labels.count)
    guard !range.isEmpty else {
      let nothing = Evaluation(
        loss: 0, gradient: ParameterVector<Element>(zeros: point.layout), samples: 0, correct: 0)
      return (nothing, BatchStatistics())
    }
    return objective.trainingStep(at: point, batch: batch.batch(range))
  }
}
