import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementNetworks
import EscapementTraining

/// Forwards queries to another oracle, records them with their answers, and may change an answer.
public struct RecordingOracle<Base: GradientOracle>: GradientOracle {
  /// The element type of the parameters.
  public typealias Element = Base.Element

  /// One query and the answer that the rule received.
  public struct Query: Sendable {
    /// The queried point.
    public let point: ParameterVector<Element>
    /// The requested samples.
    public let part: BatchPart
    /// The requested update of running statistics.
    public let statistics: StatisticsUpdate
    /// The answer that was returned.
    public let answer: Evaluation<Element>
  }

  /// Changes the answer to the query with this index since `forget`, or throws instead.
  public typealias Interference = (_ index: Int, _ answer: inout Evaluation<Element>) throws -> Void

  /// The oracle that answers.
  public private(set) var base: Base
  /// The queries since `forget`.
  public private(set) var queries: [Query] = []
  /// A closure that is applied to every answer; nil leaves answers unchanged.
  public var interference: Interference?

  /// Records the queries to `base`.
  public init(_ base: Base) { self.base = base }

  /// Deletes the recorded queries.
  public mutating func forget() { queries.removeAll(keepingCapacity: true) }

  /// The other oracle's answer, after interference.
  public mutating func evaluate(
    at point: ParameterVector<Element>, on part: BatchPart, statistics: StatisticsUpdate
  ) throws -> Evaluation<Element> {
    var answer = try base.evaluate(at: point, on: part, statistics: statistics)
    try interference?(queries.count, &answer)
    queries.append(Query(point: point, part: part, statistics: statistics, answer: answer))
    return answer
  }
}
