import EscapementCalculus
import EscapementKernels

/// The samples of the current mini-batch over which a gradient is computed.
public enum BatchPart: Hashable, Sendable {
  /// Every sample.
  case all
  /// The samples whose class is in the oracle's tail set; without samples the loss and the gradient are zero.
  case tail
  /// The samples whose class is not in the tail set. An oracle with graded membership divides each class's samples
  /// between both parts, in shares that add up to one.
  case head
  /// The `index`-th of `count` consecutive shards of the batch, evaluated separately; the last ones may be smaller or
  /// empty.
  case shard(index: Int, count: Int)
}

/// Whether a forward pass updates batch norm's running statistics.
public enum StatisticsUpdate: String, Hashable, Sendable, CaseIterable {
  /// The batch statistics enter the running ones.
  case observe
  /// The running statistics remain unchanged.
  case freeze
}

/// Computes gradients over the current mini-batch.
///
/// Update rules access a loss only through this protocol, so the same rule runs on a network, on a quadratic with a
/// known spectrum and on a scripted list of answers.
public protocol GradientOracle<Element> {
  /// The element type of the parameters.
  associatedtype Element: Real
  /// The loss of `part` of the current mini-batch and its gradient at `point`.
  mutating func evaluate(
    at point: ParameterVector<Element>, on part: BatchPart, statistics: StatisticsUpdate
  ) throws -> Evaluation<Element>
}
