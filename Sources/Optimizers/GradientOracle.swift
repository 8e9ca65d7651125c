import EscapementCalculus
import EscapementKernels

/// Which samples of the current mini-batch a gradient is asked of.
public enum BatchPart: Hashable, Sendable {
  /// Every sample.
  case all
  /// The samples whose class belongs to the oracle's tail set; the loss and the gradient of none are zero.
  case tail
  /// The samples whose class does not. An oracle with graded membership gives each class's samples to both in
  /// shares that add up to one.
  case head
  /// The `index`-th of `count` consecutive shards of the batch, by itself; the last ones may be smaller or
  /// empty.
  case shard(index: Int, count: Int)
}

/// What a forward pass does to batch norm's running statistics.
public enum StatisticsUpdate: String, Hashable, Sendable, CaseIterable {
  /// The batch statistics enter the running ones.
  case observe
  /// The running statistics stay as they are.
  case freeze
}

/// Answers gradient queries about the current mini-batch.
///
/// Update rules see a loss only through this protocol, so the same rule runs on a network, on a
/// quadratic with a known spectrum and on a scripted list of answers.
public protocol GradientOracle<Element> {
  /// The element type of the parameters.
  associatedtype Element: Real
  /// The loss of `part` of the current mini-batch and its gradient at `point`.
  mutating func evaluate(
    at point: ParameterVector<Element>, on part: BatchPart, statistics: StatisticsUpdate
  ) throws -> Evaluation<Element>
}
