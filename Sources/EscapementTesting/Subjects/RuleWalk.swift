import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementTraining

/// A rule in operation: the parameters, the oracle that records its queries, and the number of steps.
public struct RuleWalk<Oracle: GradientOracle> {
  /// The rule.
  public var rule: any UpdateRule<Oracle.Element>
  /// The oracle, with the queries of the last step.
  public var oracle: RecordingOracle<Oracle>
  /// The current parameters.
  public var parameters: ParameterVector<Oracle.Element>
  /// η of the next steps; the default is exact in every type.
  public var learningRate = 0.125
  /// The 0-based epoch of the next steps.
  public var epoch = 0
  /// The number of steps begun.
  public var steps: Int

  /// A rule at a point, before its step of index `steps`.
  public init(
    _ rule: any UpdateRule<Oracle.Element>, on oracle: Oracle, from start: ParameterVector<Oracle.Element>,
    steps: Int = 0
  ) {
    self.rule = rule
    self.oracle = RecordingOracle(oracle)
    parameters = start
    self.steps = steps
  }

  /// Takes one step.
  @discardableResult
  public mutating func step() throws -> StepRecord {
    oracle.forget()
    let context = StepContext(step: steps, epoch: epoch, learningRate: learningRate)
    steps += 1
    return try rule.step(&parameters, oracle: &oracle, context: context)
  }
}

extension RuleWalk {
  /// The queries of the last step, whose number must be that of the form.
  func queries(of form: RuleClaims.Step) throws -> [RecordingOracle<Oracle>.Query] {
    guard oracle.queries.count == form.queries.count else {
      throw BrokenClaim(
        description: "\(oracle.queries.count) queries in a step where \(form.queries.count) are claimed")
    }
    return oracle.queries
  }

  /// The momentum buffer, under SGD's key.
  func momentum() throws -> ParameterVector<Oracle.Element> {
    let key = SGD<Oracle.Element>.momentumKey
    guard let momentum = rule.state[key] else { throw BrokenClaim(description: "no state of the key \(key)") }
    return momentum
  }
}

/// A rule violates its claims in a way that prevents a law from continuing.
struct BrokenClaim: Error, CustomStringConvertible {
  let description: String
}
