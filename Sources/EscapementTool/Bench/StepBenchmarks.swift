import EscapementOptimizers
import EscapementCalculus
import EscapementNetworks
import EscapementTraining

/// Training steps of ResNet-32 on a batch of 128, as in the training loop, without digests.
enum StepBenchmarks {
  /// SGD and SAM at the rates of the published recipes.
  static var all: [Benchmark] {
    [
      step("sgd-step", gradients: 1) { try SGD() },
      step("sam-step", gradients: 2) { try SAM(base: SGD(), rho: 0.1) },
    ]
  }

  private static let batch = 128

  private static func step<Rule: UpdateRule<Float>>(
    _ name: String, gradients: Double, _ makeRule: @escaping () throws -> Rule
  ) -> Benchmark {
    Benchmark(
      name: name, shape: "ResNet-32, \(batch) images", work: Double(batch), unit: .images,
      flops: gradients * Double(batch) * ContractionCount.gradient
    ) {
      let network = BenchmarkNetwork(images: batch)
      var rule = try makeRule()
      var (parameters, statistics) = (network.parameters, network.statistics)
      var taken = 0
      return Benchmark.Prepared {
        var oracle = NetworkOracle(
          objective: network.objective, batch: network.images, statistics: statistics)
        let context = StepContext(step: taken, epoch: 0, learningRate: 0.1)
        _ = try rule.step(&parameters, oracle: &oracle, context: context)
        statistics = oracle.statistics
        taken += 1
      }
    }
  }
}
