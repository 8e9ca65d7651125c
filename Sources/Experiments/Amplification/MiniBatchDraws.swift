import EscapementKernels
import EscapementLongTail
import EscapementTraining

/// Mini-batches as a run draws them, numbered consecutively across epochs. Each epoch has a new order, and its last
/// batch may be smaller.
///
/// Batch number b is a pure function of the set, the seed and b. Images are unaugmented, or augmented as in an epoch of
/// training.
package struct MiniBatchDraws: Sendable {
  private let set: any LabeledImages
  private let seed: UInt64
  private let batchSize: Int
  private let isAugmented: Bool
  private let order: EpochOrder
  private let draws: ClassBalancedDraws?

  /// Mini-batches of `batchSize` images of a set under a recipe's sampling.
  package init(
    _ set: any LabeledImages, batchSize: Int, seed: UInt64, sampling: Sampling = .uniform,
    augmented: Bool = false
  ) {
    precondition(batchSize >= 1 && set.count >= 1, "mini-batches of \(batchSize) of \(set.count) samples")
    self.set = set
    self.seed = seed
    self.batchSize = batchSize
    isAugmented = augmented
    order = EpochOrder(count: set.count, seed: seed)
    draws = sampling.draws(from: set, seed: seed)
  }

  /// Mini-batches per epoch.
  package var perEpoch: Int { (set.count + batchSize - 1) / batchSize }

  /// Calls the closure with the mini-batches numbered in `range`, in order.
  package func forEach<Element: Real>(
    in range: Range<Int>, of type: Element.Type = Element.self,
    _ body: (_ number: Int, _ batch: LabeledBatch<Element>) throws -> Void
  ) throws {
    var epoch = -1
    var batches: [[Int]] = []
    for number in range {
      if number / perEpoch != epoch {
        epoch = number / perEpoch
        batches = order.batches(epoch: epoch, size: batchSize)
      }
      let keys = batches[number % perEpoch]
      let positions = draws.map { draws in keys.map { draws.position(draw: $0, epoch: epoch) } } ?? keys
      let transform = isAugmented ? ImageTransform.augmented(seed: seed, epoch: epoch) : .plain
      try body(number, try set.batch(positions, transform: transform, keyedBy: keys))
    }
  }
}
