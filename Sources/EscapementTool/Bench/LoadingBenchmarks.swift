import EscapementOptimizers
import EscapementArtifacts
import EscapementLongTail
import EscapementTraining

/// The cost of loading: batches alone, and training steps that load, for comparison with the same steps on one batch in
/// memory.
enum LoadingBenchmarks {
  /// The assembly of a batch, and the steps of a loop with one batch prepared ahead.
  static var all: [Benchmark] { [assembly, loadedStep] }

  private static let batch = 128
  /// The number of images of CIFAR-10-LT with β = 100.
  private static let count = 12_406

  private static func source() -> AugmentedImages<Float> {
    let images = [UInt8](unsafeUninitializedCapacity: count * ImageSet.imageBytes) { bytes, filled in
      for index in 0..<count {
        let start = index * ImageSet.imageBytes
        bytes[start..<(start + ImageSet.imageBytes)].update(repeating: UInt8(index & 255))
      }
      filled = bytes.count
    }
    let set = ImageSet(
      images: images, labels: (0..<count).map { $0 % 10 }, classes: 10,
      provenance: ImageProvenance(name: "benchmark", kind: .synthetic, digest: .zero))
    return AugmentedImages(set, seed: 0)
  }

  private static var assembly: Benchmark {
    Benchmark(
      name: "load-batch", shape: "\(batch) of \(count) images, crop and flip", work: Double(batch),
      unit: .images, flops: nil
    ) {
      let source = source()
      let order = source.order(epoch: 0)
      var start = 0
      return Benchmark.Prepared {
        _ = source.batch(Array(order[start..<(start + batch)]), epoch: 0)
        start = (start + batch) % (count - batch)
      }
    }
  }

  private static var loadedStep: Benchmark {
    Benchmark(
      name: "loaded-step", shape: "ResNet-32, \(batch) images, SGD with loading", work: Double(batch),
      unit: .images, flops: Double(batch) * ContractionCount.gradient
    ) {
      let source = source()
      let recipe = Recipe(preset: "benchmark", data: "benchmark", epochs: 1000, schedule: .released())
      var loop = try TrainingLoop<Float>(
        recipe: recipe, source: source, digestEvery: 0)
      return Benchmark.Prepared {
        if loop.isEpochComplete { _ = loop.endEpoch() }
        _ = try loop.step()
      }
    }
  }
}
