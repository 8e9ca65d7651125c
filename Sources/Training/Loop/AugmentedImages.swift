import EscapementKernels
import EscapementLongTail

/// An image set for training: a new order and new crops and flips each epoch.
public struct AugmentedImages<Element: Real>: EpochSource {
  private let images: ImageSet
  private let seed: UInt64
  private let epochOrder: EpochOrder
  private let draws: ClassBalancedDraws?

  /// The images for one run; its seed keys order, draws and augmentation.
  public init(_ images: ImageSet, seed: UInt64, sampling: Sampling = .uniform) {
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
  /// A uniform permutation keyed by (seed, epoch); of draws if the set is resampled.
  public func order(epoch: Int) -> [Int] { epochOrder.permutation(epoch: epoch) }
  /// Images cropped, flipped and normalized, keyed by (seed, epoch, sample). With resampling they are keyed by the
  /// draw, so that an image drawn twice is cropped independently each time.
  public func batch(_ positions: [Int], epoch: Int) -> LabeledBatch<Element> {
    let transform = ImageTransform.cropAndFlip(seed: seed, epoch: epoch)
    guard let draws else { return images.batch(positions, transform: transform) }
    let drawn = positions.map { draws.position(draw: $0, epoch: epoch) }
    return images.batch(drawn, transform: transform, keyedBy: positions)
  }
}
