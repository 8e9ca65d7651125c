import Calculus
import Foundation
import Kernels
import LongTail
import Networks
import Training
import Verification

/// Times a few steps of a recipe on this machine, on random pictures; data loading runs beside the steps and is not in it.
struct StepCalibration {
  /// Timed steps; the shortest counts, as nothing makes a step faster than it is.
  static let repetitions = 2

  private var known: [String: StepCost] = [:]

  /// The cost of a step; measured once for each network, batch and rule.
  mutating func cost(of recipe: Recipe) throws -> StepCost {
    let key = "\(recipe.architecture) \(recipe.batchSize) \(recipe.optimizer.label ?? "sgd")"
    if let cost = known[key] { return cost }
    let cost = try Self.measure(recipe)
    known[key] = cost
    return cost
  }

  private static func measure(_ recipe: Recipe) throws -> StepCost {
    let network = recipe.architecture.network(classes: 10)
    let objective = Objective<Float>(network: network)
    let batch = BenchmarkData.pictures(recipe.batchSize)
    var parameters = network.initialParameters(seed: 0) as ParameterVector<Float>
    var statistics = network.initialStatistics() as ParameterVector<Float>
    // Any tail: half of the classes, so that rules of two parts have both.
    let counts = (0..<10).map { $0 < 5 ? 1000 : 1 }
    let sharpness = try recipe.optimizer.sharpness(counts: counts)
    var rule = try recipe.makeRule(Float.self)
    var steps: [Double] = []
    // The first step touches its memory for the first time and is not timed.
    for step in 0...repetitions {
      var oracle = NetworkOracle(
        objective: objective, batch: batch, statistics: statistics, tail: [5, 6, 7, 8, 9],
        sharpness: sharpness, normalization: recipe.optimizer.normalization,
        shardSize: recipe.optimizer.shardSize(batchSize: recipe.batchSize))
      let context = StepContext(step: step, epoch: 0, learningRate: 1e-3)
      let seconds = try ContinuousClock().measure {
        _ = try rule.step(&parameters, oracle: &oracle, context: context)
      }
      statistics = oracle.statistics
      if step > 0 { steps.append(seconds / .seconds(1)) }
    }
    let test = ContinuousClock().measure {
      _ = objective.logits(at: parameters, statistics: statistics, images: batch.images)
    }
    var usage = rusage()
    getrusage(.init(RUSAGE_SELF.rawValue), &usage)
    return StepCost(
      step: steps.min() ?? .nan, testPicture: test / .seconds(1) / Double(recipe.batchSize),
      // Kilobytes, as getrusage counts on Linux.
      memory: usage.ru_maxrss * 1024)
  }
}
