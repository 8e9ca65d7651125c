import EscapementOptimizers
import EscapementKernels
import EscapementLongTail
import EscapementRandomness
import EscapementTraining

/// The samples and the schedule that all conformance problems share.
///
/// 55 samples of five classes, long-tailed, lie in four mini-batches of 12 and one of 7, in one order throughout: five
/// epochs are 25 steps. The last mini-batch is smaller, so that shards have unequal sizes.
package enum ConformanceData {
  /// Samples per class.
  package static let counts = [24, 15, 9, 5, 2]
  /// The classes of fewer than η = 9 samples: ImbSAM's and SSE-SAM's tail.
  package static let tail: Set<Int> = [3, 4]
  /// Batch k contains the samples of the k-th range.
  package static let batches = [0..<12, 12..<24, 24..<36, 36..<48, 48..<55]
  package static let epochs = 5
  package static let steps = 25
  /// The seed of all random numbers.
  package static let seed: UInt64 = 20221
  /// The learning rate, which drops once, at the start of epoch 3.
  package static let schedule = LearningRateSchedule(
    base: 0.02, warmupEpochs: 0, milestones: [.init(epoch: 3, factor: 0.1)])
  /// Large enough that a missing weight decay is visible within 25 steps.
  package static let weightDecay = 5e-3
  package static let momentum = 0.9

  /// One label per sample, in an order drawn once. It is the first of the orders 0, 1, … in which batches with and
  /// without tail samples occur and batch 0 has one.
  package static let labels: [Int] = {
    let sorted = counts.enumerated().flatMap { Array(repeating: $0, count: $1) }
    var stream = RandomStream(seed: seed, purpose: .order, index: 2)
    return stream.permutation(sorted.count).map { sorted[$0] }
  }()

  /// Standard normals of the given extents around one standard normal center per class.
  package static func inputs(sample extents: [Int]) -> Tensor<Double> {
    let row = extents.reduce(1, *)
    let noise = Tensor<Double>.standardNormal(
      seed: seed, purpose: .fixture, index: 0, shape: [labels.count, row])
    let centers = Tensor<Double>.standardNormal(
      seed: seed, purpose: .fixture, index: 1, shape: [counts.count, row])
    let members = Tensor<Double>(repeating: 1, shape: [labels.count])
      .scattered(columns: labels, width: counts.count)
    return (noise + members.matmul(centers)).reshaped(Shape([labels.count] + extents))
  }

  /// The context that the rule receives for a 0-based step.
  package static func context(step: Int) -> StepContext {
    let epoch = step / batches.count
    return StepContext(step: step, epoch: epoch, learningRate: schedule.rate(epoch: epoch))
  }
}
