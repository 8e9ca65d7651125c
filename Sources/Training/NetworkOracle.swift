import Calculus
import Kernels
import LongTail
import Networks

/// Answers gradient queries about one mini-batch with a network under batch statistics.
///
/// Each query is one forward and backward pass over the same pictures. `.observe` folds the batch's
/// means and variances into the running statistics; `.freeze` leaves them.
public struct NetworkOracle<Element: Real>: GradientOracle {
  /// The network and the loss.
  public let objective: Objective<Element>
  /// The mini-batch.
  public let batch: LabelledBatch<Element>
  /// Batch norm's running statistics after the queries so far.
  public private(set) var statistics: ParameterVector<Element>
  /// Queries so far.
  public private(set) var evaluations = 0

  /// An oracle for one mini-batch, before any query.
  public init(
    objective: Objective<Element>, batch: LabelledBatch<Element>, statistics: ParameterVector<Element>
  ) {
    self.objective = objective
    self.batch = batch
    self.statistics = statistics
  }

  /// Loss and gradient of the whole batch; other parts are not defined for this oracle, whose rules
  /// (SGD and SAM) ask for `.all` only.
  public mutating func evaluate(
    at point: ParameterVector<Element>, on part: BatchPart, statistics update: StatisticsUpdate
  ) throws -> Evaluation<Element> {
    precondition(part == .all, "a network oracle answers for .all, got \(part)")
    evaluations += 1
    let (evaluation, observed) = objective.trainingStep(at: point, batch: batch)
    if update == .observe { statistics = observed.folded(into: statistics) }
    return evaluation
  }
}
