import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementNetworks
import EscapementTraining

/// The course of a conformance case, step by step.
package struct Trajectory: Sendable {
  /// The parameters at the start and after each step.
  package var points: [ParameterVector<Double>]
  /// Batch norm's running statistics at the same points; empty vectors without batch norm.
  package var statistics: [ParameterVector<Double>]
  /// The rule's record of each step.
  package var records: [StepRecord] = []
  /// The standard normals that each step drew.
  package var noise: [[ParameterVector<Double>]] = []
  /// The rule's vectors after the last step, by name.
  package var state: [String: ParameterVector<Double>] = [:]
}

extension ConformanceCase {
  /// Takes the steps. The result has the same bits on every machine.
  package func trajectory() throws -> Trajectory {
    var rule = try rule.make(ConformanceRule.base())
    var point = problem.start
    var trajectory = Trajectory(points: [point], statistics: [problem.startStatistics])
    for step in 0..<ConformanceData.steps {
      let context = ConformanceData.context(step: step)
      var oracle = problem.oracle(
        batch: ConformanceData.batches[step % ConformanceData.batches.count],
        loss: loss?.criterion(epoch: context.epoch) ?? SoftmaxCrossEntropy(), rule: self.rule,
        statistics: trajectory.statistics[step])
      trajectory.noise.append(self.rule.noise(step: step, layout: point.layout))
      if let count = self.rule.accumulation {
        var accumulating = AccumulatingOracle(oracle, count: count)
        trajectory.records.append(try rule.step(&point, oracle: &accumulating, context: context))
        oracle = accumulating.base
      } else {
        trajectory.records.append(try rule.step(&point, oracle: &oracle, context: context))
      }
      trajectory.points.append(point)
      trajectory.statistics.append(oracle.statistics ?? trajectory.statistics[step])
    }
    trajectory.state = rule.state
    return trajectory
  }
}
