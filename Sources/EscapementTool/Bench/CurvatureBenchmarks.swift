import EscapementCalculus
import EscapementCurvature
import EscapementKernels
import EscapementNetworks

/// Gradients, Hessian-vector products and spectra of ResNet-32 under running statistics.
enum CurvatureBenchmarks {
  /// Gradient, product on its own and product at one point for each number of images; then a density.
  static var all: [Benchmark] {
    [50, 200, 500].flatMap { [gradient($0), product($0), repeatedProduct($0)] } + [density(500)]
  }

  private static func gradient(_ count: Int) -> Benchmark {
    benchmark("gradient-\(count)", count, flops: ContractionCount.gradient) {
      let network = BenchmarkNetwork(images: count)
      return Benchmark.Prepared {
        _ = try network.objective.evaluate(
          at: network.parameters, statistics: network.statistics, over: network.images)
      }
    }
  }

  /// A product that reuses nothing from the previous one.
  private static func product(_ count: Int) -> Benchmark {
    benchmark("hvp-\(count)", count, flops: ContractionCount.product) {
      let network = BenchmarkNetwork(images: count)
      var directions = Cycle(BenchmarkData.directions(network.parameters.layout))
      return Benchmark.Prepared {
        _ = try network.objective.hessianVectorProduct(
          at: network.parameters, statistics: network.statistics, direction: directions.next(),
          over: network.images)
      }
    }
  }

  /// Products at one point along new directions, as in Lanczos.
  private static func repeatedProduct(_ count: Int) -> Benchmark {
    benchmark("hvp-repeated-\(count)", count, flops: ContractionCount.repeatedProduct) {
      let network = BenchmarkNetwork(images: count)
      let hessian = hessian(network)
      var directions = Cycle(BenchmarkData.directions(network.parameters.layout).map(\.flat))
      return Benchmark.Prepared { _ = try hessian.product(directions.next()) }
    }
  }

  /// A spectral density's nodes and weights by Lanczos with full reorthogonalization.
  private static func density(_ count: Int) -> Benchmark {
    let steps = 100
    let products = Double(count * steps)
    return Benchmark(
      name: "density-\(count)", shape: "ResNet-32, \(count) images, \(steps) steps", work: products,
      unit: .images, flops: products * ContractionCount.repeatedProduct, warmUps: 1, repetitions: 1
    ) {
      let network = BenchmarkNetwork(images: count)
      let lanczos = Lanczos(steps: steps, seed: 0, breakdown: .proceed)
      let start = lanczos.startVector(Float.self, dimension: network.parameters.count)
      return Benchmark.Prepared(
        warmUp: { _ = try hessian(network).product(start) },
        run: {
          // The values that an operator keeps between products are computed within the run, so each run has a new
          // operator.
          let timed = TimedOperator(hessian(network))
          let whole = try ContinuousClock().measure {
            let decomposition = try lanczos.decompose(timed, start: start)
            _ = try GaussQuadrature(decomposition.tridiagonal)
          }
          return Benchmark.Outcome(vectorShare: 1 - timed.elapsed / whole)
        })
    }
  }

  private static func benchmark(
    _ name: String, _ count: Int, flops: Double, _ prepare: @escaping () throws -> Benchmark.Prepared
  ) -> Benchmark {
    Benchmark(
      name: name, shape: "ResNet-32, \(count) images", work: Double(count), unit: .images,
      flops: Double(count) * flops, prepare: prepare)
  }

  private static func hessian(_ network: BenchmarkNetwork) -> HessianOperator<Float> {
    HessianOperator(
      objective: network.objective, parameters: network.parameters, statistics: network.statistics,
      samples: network.images, memoryBudget: network.images.count * bytesAnImage)
  }

  /// The number of bytes that a product of a ResNet-32 in Float can keep per image, rounded up
  /// (Documentation/Performance.md).
  private static let bytesAnImage = 2_500_000
}

/// Values in turn, repeated without end.
private struct Cycle<Value> {
  private let values: [Value]
  private var position = 0

  init(_ values: [Value]) { self.values = values }

  mutating func next() -> Value {
    defer { position = (position + 1) % values.count }
    return values[position]
  }
}
