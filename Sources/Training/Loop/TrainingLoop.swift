import EscapementOptimizers
import EscapementArtifacts
import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementNetworks

/// A training run in memory, one step at a time. It uses no files and no clock.
///
/// At the start of each epoch the learning rate, the criterion's class weights and the order of the samples are set, in
/// the order of the published loop.
public struct TrainingLoop<Element: Real>: Sendable {
  /// The recipe of the run.
  public let recipe: Recipe
  /// The network.
  public let network: Network
  /// A digest link is added after every step whose count is a multiple of it, and after each epoch's last step; with 0
  /// only the latter.
  public let digestEvery: Int
  /// The current state of the run.
  public private(set) var state: TrainingState<Element>

  private let source: any EpochSource<Element>
  private let loader: BatchLoader<Element>
  private let ranks: RankAgreement?
  private let classCounts: [Int]
  private let oracleSettings: ResolvedOracleSettings
  private var rule: any UpdateRule<Element>
  private var plan: EpochPlan?

  /// Values that are constant during an epoch.
  private struct EpochPlan: Sendable {
    let epoch: Int
    let order: [Int]
    let learningRate: Double
    let goal: Goal
  }

  /// What the steps of an epoch minimize.
  private enum Goal: Sendable {
    case plain(Objective<Element>)
    case contrastive(ContrastiveObjective<Element>)
  }

  /// A run before its first step, or at `state`.
  ///
  /// Class weights, margins and the tail are computed from the source's class counts; the network defaults to the
  /// recipe's. During a step, `loadAhead` batches are prepared, each on a thread of its own; nil leaves the number
  /// to the source (`EpochSource.batchesAhead`). With `ranks` each rank loads and
  /// processes its share of every batch; all ranks take every step together, with the bits of a single rank. `rule`,
  /// which must have taken no step, is required for a recipe whose optimizer is `.custom` and must be nil for other
  /// recipes. Throws `HyperparameterError` for an invalid recipe, for a class without samples, and for a
  /// loss that needs a second view, more samples or a state that has none of them.
  public init(
    recipe: Recipe, source: any EpochSource<Element>, network: Network? = nil,
    digestEvery: Int = 1, loadAhead: Int? = nil, state: TrainingState<Element>? = nil,
    ranks: RankAgreement? = nil, rule: (any UpdateRule<Element>)? = nil
  ) throws {
    try recipe.validate()
    guard rule == nil || recipe.optimizer.isCustom else {
      throw HyperparameterError(
        name: "optimizer", value: recipe.optimizer.label ?? "sgd",
        expected: "custom, as the caller brings a rule of its own")
    }
    precondition(source.count > 0, "a training set without samples")
    precondition(digestEvery >= 0, "digestEvery is \(digestEvery)")
    classCounts = source.classCounts
    precondition(
      classCounts.count == source.classes, "\(classCounts.count) counts for \(source.classes) classes")
    if let empty = classCounts.firstIndex(of: 0) {
      throw HyperparameterError(
        name: "class \(empty)", value: "without samples", expected: "at least one of every class")
    }
    oracleSettings = try ResolvedOracleSettings(
      recipe.optimizer.oracle, counts: classCounts, batchSize: recipe.batchSize)
    self.recipe = recipe
    self.network = network ?? recipe.architecture.network(classes: source.classes)
    self.digestEvery = digestEvery
    self.source = source
    loader = BatchLoader(source, depth: loadAhead ?? source.batchesAhead)
    self.ranks = ranks
    self.state = state ?? TrainingState(network: self.network, seed: recipe.seed)
    if case .parametricContrastive(_, _, let queue) = recipe.loss {
      func refusal(_ value: String, _ expected: String) -> HyperparameterError {
        HyperparameterError(name: "loss", value: "\(recipe.loss.label) on \(value)", expected: expected)
      }
      guard source.hasSecondView else {
        throw refusal("images with one view", "the images of CIFAR or of a fixture, which have two")
      }
      guard source.count >= recipe.batchSize else {
        throw refusal(
          "\(source.count) images",
          "at least the \(recipe.batchSize) of a batch: the last, partial one is dropped")
      }
      if state == nil {
        self.state.contrast = try ContrastiveState(
          self.state.parameters, self.state.statistics, capacity: queue, classes: source.classes,
          seed: recipe.seed)
      }
      guard self.state.contrast != nil else {
        throw refusal("a state without key encoder and queue", "a checkpoint of a run that was trained here")
      }
    }
    self.rule = try rule ?? recipe.makeRule(Element.self)
    self.rule.state = self.state.ruleState
    self.state.ruleState = [:]
  }

  /// The number of steps per epoch; the last one may have fewer samples, if the loss keeps it.
  public var stepsPerEpoch: Int { recipe.steps(samples: source.count) }
  /// Whether the epoch's last step was taken.
  public var isEpochComplete: Bool { state.stepInEpoch == stepsPerEpoch }
  /// Whether all epochs are done.
  public var isFinished: Bool { state.epoch >= recipe.epochs }

  /// The class weights of the current epoch; nil for none.
  public var classWeights: [Double]? {
    recipe.weighting?.weights(counts: classCounts, epoch: state.epoch)
  }
  /// The learning rate of the current epoch.
  public var learningRate: Double { recipe.schedule.rate(epoch: state.epoch) }

  /// Takes the epoch's next step. A `Divergence` leaves the state unchanged.
  public mutating func step() throws -> StepRecord {
    precondition(!isFinished && !isEpochComplete, "no step is left in epoch \(state.epoch)")
    let plan = currentPlan()
    let step = state.stepInEpoch
    let batch = try batch(step, of: plan)
    requestBatches(after: step, of: plan)
    let context = StepContext(step: state.step, epoch: plan.epoch, learningRate: plan.learningRate)
    let record: StepRecord
    switch plan.goal {
    case .plain(let objective):
      var oracle = NetworkOracle(
        objective: objective, divided: batch, statistics: state.statistics, settings: oracleSettings)
      record = try rule.step(&state.parameters, oracle: &oracle, context: context)
      state.statistics = oracle.statistics
    case .contrastive(let objective): record = try contrastiveStep(objective, batch, context)
    }
    state.totals.add(record)
    state.skippedInARow = 0
    advance()
    return record
  }

  /// The key encoder follows the parameters before the step, and encodes the second view; after the step these keys
  /// enter the queue. All queries of a step have the same contrasts.
  private mutating func contrastiveStep(
    _ objective: ContrastiveObjective<Element>, _ batch: DividedBatch<Element>, _ context: StepContext
  ) throws -> StepRecord {
    guard var contrast = state.contrast else { preconditionFailure("a state without a key encoder") }
    contrast.encoder.follow(state.parameters)
    let keys = contrast.encoder.encode(batch.whole, objective)
    try batch.check()
    var oracle = ContrastiveOracle(
      objective, batch, keys: keys, queue: contrast.queue, statistics: state.statistics)
    let record = try rule.step(&state.parameters, oracle: &oracle, context: context)
    contrast.queue.enqueue(keys, labels: batch.labels)
    state.statistics = oracle.statistics
    state.contrast = contrast
    return record
  }

  /// Skips the epoch's next step, whose loss or gradient was not finite: its samples are skipped, while parameters,
  /// statistics and the rule's vectors remain unchanged.
  public mutating func skip() {
    precondition(!isFinished && !isEpochComplete, "no step is left in epoch \(state.epoch)")
    state.totals.skip()
    state.skippedInARow += 1
    advance()
  }

  /// Counts a step and adds it to the digest chain.
  private mutating func advance() {
    state.step += 1
    state.stepInEpoch += 1
    if isEpochComplete || (digestEvery > 0 && state.step.isMultiple(of: digestEvery)) {
      state.extendDigestChain(ruleState: rule.state)
    }
  }

  /// Advances to the next epoch and returns the sums over the one that ended.
  public mutating func endEpoch() -> EpochTotals {
    precondition(
      isEpochComplete, "epoch \(state.epoch) has taken \(state.stepInEpoch) of \(stepsPerEpoch) steps")
    let totals = state.totals
    state.totals = EpochTotals()
    state.epoch += 1
    state.stepInEpoch = 0
    return totals
  }

  /// The state with the rule's vectors, for a checkpoint.
  ///
  /// Between steps `state` itself does not contain these vectors, so that the rule is their only owner and updates them
  /// in place.
  public var snapshot: TrainingState<Element> {
    var copy = state
    copy.ruleState = rule.state
    return copy
  }

  /// The batch of an epoch's step, of which this rank loads its share.
  private func batch(_ step: Int, of plan: EpochPlan) throws -> DividedBatch<Element> {
    let key = BatchLoader<Element>.Key(epoch: plan.epoch, step: step)
    let reader = reader
    func own() throws -> LabeledBatch<Element> {
      try loader.batch(key, positions: reader.positions(plan.order, step))
    }
    guard let ranks else { return DividedBatch(try own()) }
    let count = min(recipe.batchSize, plan.order.count - step * recipe.batchSize)
    let loaded = try ranks.all(own)
    return DividedBatch(own: loaded, of: count, reader.division(count), ranks.communicator)
  }

  /// Determines which positions this rank reads.
  private struct Reader: Sendable {
    let recipe: Recipe
    let rank: Int
    let ranks: Int

    func division(_ count: Int) -> BatchDivision {
      let parts = recipe.optimizer.oracle.batchParts(count: count, batchSize: recipe.batchSize)
      return BatchDivision(parts: parts, ranks: ranks)
    }

    /// The positions of an epoch's step; the last step takes the remaining ones.
    func positions(_ order: [Int], _ step: Int) -> [Int] {
      let size = recipe.batchSize
      let batch = order[(step * size)..<min((step + 1) * size, order.count)]
      guard ranks > 1 else { return Array(batch) }
      return division(batch.count).positions(of: rank).map { batch[batch.startIndex + $0] }
    }
  }

  private var reader: Reader {
    Reader(recipe: recipe, rank: ranks?.communicator.rank ?? 0, ranks: ranks?.communicator.size ?? 1)
  }

  /// Requests the batches after an epoch's `step`; after the last step, that is the next epoch's first one.
  private func requestBatches(after step: Int, of plan: EpochPlan) {
    let steps = step + 1..<min(step + 1 + loader.depth, stepsPerEpoch)
    for next in steps {
      loader.request(.init(epoch: plan.epoch, step: next)) { [order = plan.order, reader] in
        reader.positions(order, next)
      }
    }
    if steps.count < loader.depth, plan.epoch + 1 < recipe.epochs {
      loader.request(.init(epoch: plan.epoch + 1, step: 0)) { [source, reader] in
        reader.positions(source.order(epoch: plan.epoch + 1), 0)
      }
    }
  }

  private mutating func currentPlan() -> EpochPlan {
    if let plan, plan.epoch == state.epoch { return plan }
    let order = source.order(epoch: state.epoch)
    precondition(order.count == source.count, "an order of \(order.count) for \(source.count) samples")
    let next = EpochPlan(epoch: state.epoch, order: order, learningRate: learningRate, goal: goal)
    plan = next
    return next
  }

  private var goal: Goal {
    if let loss = recipe.loss.contrastive(counts: classCounts) {
      return .contrastive(ContrastiveObjective(network: network, loss: loss))
    }
    let loss = recipe.loss.criterion(counts: classCounts, weighting: recipe.weighting, epoch: state.epoch)
    guard let loss else { preconditionFailure("\(recipe.loss) is neither of one view nor of two") }
    return .plain(Objective(network: network, loss: loss))
  }
}
