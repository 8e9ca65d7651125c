import EscapementOptimizers
import EscapementArtifacts
import EscapementLongTail
import EscapementTraining
import Foundation

/// The cost of loading: batches alone, and training steps that load, for comparison with the same steps on one batch in
/// memory.
enum LoadingBenchmarks {
  /// The assembly of a batch, and the steps of a loop with one batch prepared ahead.
  static var all: [Benchmark] { [assembly, loadedStep, decoding] }

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
        _ = try source.batch(Array(order[start..<(start + batch)]), epoch: 0)
        start = (start + batch) % (count - batch)
      }
    }
  }

  /// A directory that goes with its last user.
  private final class Scratch {
    let directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("escapement-bench-\(getpid())", isDirectory: true)
    init() throws {
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(at: directory) }
  }

  /// Images of 500 × 375 pixels, read, decoded from PPM, cropped and jittered to inputs of 224 pixels.
  private static var decoding: Benchmark {
    Benchmark(
      name: "load-files", shape: "32 PPM files of 500×375 to 224×224, augmented", work: 32, unit: .images,
      flops: nil
    ) {
      let scratch = try Scratch()
      let bytes = (0..<(3 * 500 * 375)).map { UInt8(truncatingIfNeeded: $0 * 31 >> 5) }
      let file = scratch.directory.appendingPathComponent("image.ppm")
      try AtomicFile.write(PPM.encode(RGBImage(width: 500, height: 375, bytes: bytes)), to: file)
      let list = try ImageList(
        Data(String(repeating: "image.ppm 0\n", count: 32).utf8), file: "benchmark")
      let images = ListedImageSet(list, root: scratch.directory, preparation: .imageNetLT)
      var epoch = 0
      return Benchmark.Prepared { [scratch] in
        _ = scratch
        let _: LabeledBatch<Float> = try images.batch(
          Array(0..<32), transform: .augmented(seed: 0, epoch: epoch))
        epoch += 1
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
