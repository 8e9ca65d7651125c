import EscapementKernels
import EscapementLongTail
import EscapementTraining

/// Mini-batches as a run draws them, numbered through its epochs: every epoch a fresh order, its last batch smaller.
///
/// Batch number b is a pure function of the set, the seed and b. Images are as they are, or cropped and flipped as an
/// epoch of training would have them.
package struct MiniBatchDraws: Sendable {
  private let set: ImageSet
  private let seed: UInt64
  private let batchSize: Int
  private let isAugmented: Bool
  private let order: EpochOrder
  private let draws: ClassBalancedDraws?

  /// Mini-batches of `batchSize` of a set under a recipe's sampling.
  package init(
    _ set: ImageSet, batchSize: Int, seed: UInt64, sampling: Sampling = .uniform, augmented: Bool = false
  ) {
    precondition(batchSize >= 1 && set.count >= 1, "mini-batches of \(batchSize) of \(set.count) samples")
    self.set = set
    self.seed = seed
    self.batchSize = batchSize
    isAugmented = augmented
    order = EpochOrder(count: set.count, seed: seed)
    draws = sampling.draws(from: set, seed: seed)
  }

  /// Mini-batches an epoch.
  package var perEpoch: Int { (set.count + batchSize - 1) / batchSize }

  /// The mini-batches of numbers in `range`, in turn.
  package func forEach<Element: Real>(
    in range: Range<Int>, of type: Element.Type = Element.self,
    _ body: (_ number: Int, _ batch: LabeledBatch<Element>) throws -> Void
  ) rethrows {
    var epoch = -1
    var batches: [[Int]] = []
    for number in range {
      if number / perEpoch != epoch {
        epoch = number / perEpoch
        batches = order.batches(epoch: epoch, size: batchSize)
      }
      let keys = batches[number % perEpoch]
      let positions = draws.map { draws in keys.map { draws.position(draw: $0, epoch: epoch) } } ?? keys
      let transform = isAugmented ? ImageTransform.cropAndFlip(seed: seed, epoch: epoch) : .plain
      try body(number, set.batch(positions, transform: transform, keyedBy: keys))
    }
  }
}
