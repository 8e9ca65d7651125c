import CEscapementKernels
import EscapementKernels
import EscapementLongTail

/// Images for training: a new order and new augmentation each epoch.
public struct AugmentedImages<Element: Real>: EpochSource {
  private let images: any LabeledImages
  private let seed: UInt64
  private let epochOrder: EpochOrder
  private let draws: ClassBalancedDraws?

  /// The images for one run; its seed keys order, draws and augmentation.
  public init(_ images: any LabeledImages, seed: UInt64, sampling: Sampling = .uniform) {
    self.images = images
    self.seed = seed
    epochOrder = EpochOrder(count: images.count, seed: seed)
    draws = sampling.draws(from: images, seed: seed)
  }

  /// The set's classes.
  public var classes: Int { images.classes }
  /// The images of each class.
  public var classCounts: [Int] { images.classCounts }
  /// The number of the set's images, and of draws in an epoch.
  public var count: Int { images.count }
  /// One for images in memory, whose batch takes a hundredth of a step. Images that are decoded may take longer than a
  /// step: one for each thread then, at most four, which bounds the memory.
  public var batchesAhead: Int { images is ImageSet ? 1 : min(4, max(1, Int(ek_threads_current()))) }
  /// A uniform permutation keyed by (seed, epoch); of draws if the set is resampled.
  public func order(epoch: Int) -> [Int] { epochOrder.permutation(epoch: epoch) }
  /// Images augmented and normalized, keyed by (seed, epoch, sample). With resampling they are keyed by the draw, so
  /// that an image drawn twice is augmented independently each time.
  /// - Throws: the errors of reading, for images that are read from files.
  public func batch(_ positions: [Int], epoch: Int) throws -> LabeledBatch<Element> {
    let transform = ImageTransform.augmented(seed: seed, epoch: epoch)
    guard let draws else { return try images.batch(positions, transform: transform, keyedBy: nil) }
    let drawn = positions.map { draws.position(draw: $0, epoch: epoch) }
    return try images.batch(drawn, transform: transform, keyedBy: positions)
  }
}
