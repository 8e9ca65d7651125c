import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementNetworks
import EscapementTraining

/// An oracle that returns prepared answers in order and records the queries.
public struct ScriptedOracle<Element: Real>: GradientOracle {
  /// One query.
  public struct Query: Equatable {
    /// The point.
    public let point: ParameterVector<Element>
    /// The samples.
    public let part: BatchPart
    /// The requested update of running statistics.
    public let statistics: StatisticsUpdate

    /// A query.
    public init(_ point: ParameterVector<Element>, _ part: BatchPart, _ statistics: StatisticsUpdate) {
      self.point = point
      self.part = part
      self.statistics = statistics
    }
  }

  /// The answers that are not yet returned.
  public var answers: [Evaluation<Element>]
  /// The queries so far.
  public private(set) var queries: [Query] = []

  /// An oracle with the given answers. There must not be more queries than answers.
  public init(_ answers: [Evaluation<Element>]) { self.answers = answers }

  /// The answer; see the type.
  public mutating func evaluate(
    at point: ParameterVector<Element>, on part: BatchPart, statistics: StatisticsUpdate
  ) throws -> Evaluation<Element> {
    queries.append(Query(point, part, statistics))
    return answers.removeFirst()
  }
}
