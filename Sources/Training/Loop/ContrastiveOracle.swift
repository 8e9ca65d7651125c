import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementOptimizers

/// Computes gradients of PaCo's loss over one mini-batch.
///
/// Each query is one forward and backward pass over the same first view, with the same contrasts. `.observe` folds the
/// batch's means and variances into the running statistics; `.freeze` does not.
struct ContrastiveOracle<Element: Real>: GradientOracle {
  private let objective: ContrastiveObjective<Element>
  private let batch: DividedBatch<Element>
  private let contrasts: Tensor<Element>
  private let labels: [Int]
  /// Batch norm's running statistics after the queries so far.
  private(set) var statistics: ParameterVector<Element>

  /// An oracle before any query. `keys` are those of the batch's second view.
  init(
    _ objective: ContrastiveObjective<Element>, _ batch: DividedBatch<Element>, keys: Tensor<Element>,
    queue: KeyQueue<Element>, statistics: ParameterVector<Element>
  ) {
    self.objective = objective
    self.batch = batch
    let count = keys.count
    contrasts = Tensor(shape: [batch.labels.count + queue.capacity, keys.shape.columns]) { target in
      keys.withPointer { target.update(from: $0, count: count) }
      queue.keys.withPointer { (target + count).update(from: $0, count: queue.keys.count) }
    }
    labels = batch.labels + queue.labels
    self.statistics = statistics
  }

  /// Loss and gradient of the whole batch; a recipe refuses rules that ask for parts of it.
  mutating func evaluate(
    at point: ParameterVector<Element>, on part: BatchPart, statistics update: StatisticsUpdate
  ) throws -> Evaluation<Element> {
    precondition(part == .all, "\(part) of a batch whose samples are contrasted with each other")
    let (evaluation, observed) = objective.trainingStep(
      at: point, batch: batch.whole, contrasts: contrasts, contrastLabels: labels)
    try batch.check()
    if update == .observe { statistics = observed.folded(into: statistics) }
    return evaluation
  }
}
