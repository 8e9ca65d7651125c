import EscapementOptimizers
import EscapementCalculus
import EscapementKernels

/// The parameters of PaCo's key encoder: a running mean of the query encoder's (He et al., CVPR 2020, "MoCo").
///
/// k = m·k + (1 − m)·q, each product rounded before the sum, 1 − m computed in Double. The released code
/// (github.com/dvlab-research/Parametric-Contrastive-Learning) starts from a copy of the query encoder and updates
/// after the queries of a step are computed and before its keys. Running statistics take no part: each encoder
/// observes its own.
public struct MomentumEncoder<Element: Real>: Sendable {
  /// m, in [0, 1).
  public let momentum: Double
  /// k.
  public private(set) var parameters: ParameterVector<Element>

  /// Starts from a copy of `parameters`. 0.999 is the released default; one out of range throws
  /// `HyperparameterError`.
  public init(copying parameters: ParameterVector<Element>, momentum: Double = 0.999) throws {
    guard momentum >= 0, momentum < 1 else {
      throw HyperparameterError(
        name: "key momentum", value: "\(momentum)", expected: "a number in [0, 1)")
    }
    self.momentum = momentum
    self.parameters = parameters
  }

  /// Moves k towards the query encoder's parameters, of the same layout.
  public mutating func follow(_ query: ParameterVector<Element>) {
    precondition(
      query.count == parameters.count, "\(query.count) parameters for an encoder of \(parameters.count)")
    parameters.flat = parameters.flat.scaled(by: momentum).addingScaled(1 - momentum, query.flat)
  }
}
