import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementNetworks
import EscapementTraining

/// An oracle that gives prepared answers in order and remembers the questions.
public struct ScriptedOracle<Element: Real>: GradientOracle {
  /// One question, as asked.
  public struct Query: Equatable {
    /// The point.
    public let point: ParameterVector<Element>
    /// The samples.
    public let part: BatchPart
    /// What to do with running statistics.
    public let statistics: StatisticsUpdate

    /// A question.
    public init(_ point: ParameterVector<Element>, _ part: BatchPart, _ statistics: StatisticsUpdate) {
      self.point = point
      self.part = part
      self.statistics = statistics
    }
  }

  /// Answers not yet given.
  public var answers: [Evaluation<Element>]
  /// Questions so far.
  public private(set) var queries: [Query] = []

  /// An oracle with that many answers; asking for more is a test's bug.
  public init(_ answers: [Evaluation<Element>]) { self.answers = answers }

  /// The answer; see the type.
  public mutating func evaluate(
    at point: ParameterVector<Element>, on part: BatchPart, statistics: StatisticsUpdate
  ) throws -> Evaluation<Element> {
    queries.append(Query(point, part, statistics))
    return answers.removeFirst()
  }
}
