import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementOptimizers

/// PaCo's key encoder: a network whose parameters are a running mean of the query encoder's (He et al., CVPR 2020,
/// "MoCo").
///
/// k = m·k + (1 − m)·q, with each product rounded before the sum and 1 − m computed in Double. The released code
/// (github.com/dvlab-research/Parametric-Contrastive-Learning) starts from a copy of the query encoder. In a step it
/// computes the queries, then updates k, then computes the keys. Running statistics are not averaged: each encoder has
/// its own, which no result of a run depends on.
public struct MomentumEncoder<Element: Real>: Sendable, Equatable {
  /// m, in [0, 1).
  public let momentum: Double
  /// k.
  public internal(set) var parameters: ParameterVector<Element>
  /// Batch norm's running statistics of the keys.
  public internal(set) var statistics: ParameterVector<Element>

  /// Starts from a copy of `parameters`. The default 0.999 is that of the released code; a value out of range throws
  /// `HyperparameterError`.
  public init(
    copying parameters: ParameterVector<Element>, statistics: ParameterVector<Element>,
    momentum: Double = 0.999
  ) throws {
    guard momentum >= 0, momentum < 1 else {
      throw HyperparameterError(
        name: "key momentum", value: "\(momentum)", expected: "a number in [0, 1)")
    }
    self.momentum = momentum
    self.parameters = parameters
    self.statistics = statistics
  }

  /// Moves k toward the query encoder's parameters, which must have the same layout.
  public mutating func follow(_ query: ParameterVector<Element>) {
    precondition(
      query.count == parameters.count, "\(query.count) parameters for an encoder of \(parameters.count)")
    parameters.flat = parameters.flat.scaled(by: momentum).addingScaled(1 - momentum, query.flat)
  }

  /// The keys of a batch's second view, under the batch's own statistics, which enter the running ones.
  mutating func encode(
    _ batch: LabeledBatch<Element>, _ objective: ContrastiveObjective<Element>
  ) -> Tensor<Element> {
    let (keys, observed) = objective.keys(at: parameters, of: batch)
    statistics = observed.folded(into: statistics)
    return keys
  }
}
