import Kernels
import LongTail

/// A picture set as training meets it: a fresh order and fresh crops and flips each epoch.
public struct AugmentedImages<Element: Real>: EpochSource {
  private let pictures: ImageSet
  private let seed: UInt64
  private let epochOrder: EpochOrder

  /// The pictures under one run's seed, which keys order and augmentation.
  public init(_ pictures: ImageSet, seed: UInt64) {
    self.pictures = pictures
    self.seed = seed
    epochOrder = EpochOrder(count: pictures.count, seed: seed)
  }

  /// The set's classes.
  public var classes: Int { pictures.classes }
  /// The set's pictures.
  public var count: Int { pictures.count }
  /// A uniform permutation keyed by (seed, epoch).
  public func order(epoch: Int) -> [Int] { epochOrder.permutation(epoch: epoch) }
  /// Pictures cropped, flipped and normalised, keyed by (seed, epoch, sample).
  public func batch(_ positions: [Int], epoch: Int) -> LabelledBatch<Element> {
    pictures.batch(positions, transform: .cropAndFlip(seed: seed, epoch: epoch))
  }
}
