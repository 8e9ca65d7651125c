import EscapementKernels
import EscapementLongTail

/// An image list for training: a new order and new windows, flips and colors each epoch.
public struct AugmentedListedImages<Element: Real>: EpochSource {
  private let images: ListedImageSet
  private let seed: UInt64
  private let epochOrder: EpochOrder

  /// The images for one run; its seed keys order and augmentation.
  public init(_ images: ListedImageSet, seed: UInt64) {
    self.images = images
    self.seed = seed
    epochOrder = EpochOrder(count: images.list.count, seed: seed)
  }

  /// The list's classes.
  public var classes: Int { images.list.classes }
  /// The images of each class.
  public var classCounts: [Int] { images.list.classCounts }
  /// The number of the list's images.
  public var count: Int { images.list.count }
  /// A uniform permutation keyed by (seed, epoch).
  public func order(epoch: Int) -> [Int] { epochOrder.permutation(epoch: epoch) }
  /// Images decoded, cropped, resized, flipped, jittered and normalized, keyed by (seed, epoch, sample).
  /// - Throws: the errors of `ListedImageSet.batch`.
  public func batch(_ positions: [Int], epoch: Int) throws -> LabeledBatch<Element> {
    try images.batch(positions, transform: .training(seed: seed, epoch: epoch))
  }
}
