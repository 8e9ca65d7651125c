import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementNetworks
import EscapementTraining

/// Passes questions on to another oracle, remembers them with their answers, and may change an answer.
public struct RecordingOracle<Base: GradientOracle>: GradientOracle {
  /// The element type of the parameters.
  public typealias Element = Base.Element

  /// One question and what the rule was told.
  public struct Query: Sendable {
    /// The point asked at.
    public let point: ParameterVector<Element>
    /// The samples asked for.
    public let part: BatchPart
    /// What to do with running statistics.
    public let statistics: StatisticsUpdate
    /// The answer given.
    public let answer: Evaluation<Element>
  }

  /// Changes the answer to the question of that index since `forget`, or throws in its place.
  public typealias Interference = (_ index: Int, _ answer: inout Evaluation<Element>) throws -> Void

  /// The oracle that answers.
  public private(set) var base: Base
  /// Questions since `forget`.
  public private(set) var queries: [Query] = []
  /// Applied to every answer; nil leaves them as they are.
  public var interference: Interference?

  /// Records what `base` is asked.
  public init(_ base: Base) { self.base = base }

  /// Forgets the questions so far.
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
