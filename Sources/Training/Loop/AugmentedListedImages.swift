import EscapementKernels
import EscapementLongTail

/// A picture list as training meets it: a fresh order, fresh windows, flips and colours each epoch.
public struct AugmentedListedImages<Element: Real>: EpochSource {
  private let pictures: ListedPictures
  private let seed: UInt64
  private let epochOrder: EpochOrder

  /// The pictures under one run's seed, which keys order and augmentation.
  public init(_ pictures: ListedPictures, seed: UInt64) {
    self.pictures = pictures
    self.seed = seed
    epochOrder = EpochOrder(count: pictures.list.count, seed: seed)
  }

  /// The list's classes.
  public var classes: Int { pictures.list.classes }
  /// The pictures of each class.
  public var classCounts: [Int] { pictures.list.classCounts }
  /// The list's pictures.
  public var count: Int { pictures.list.count }
  /// A uniform permutation keyed by (seed, epoch).
  public func order(epoch: Int) -> [Int] { epochOrder.permutation(epoch: epoch) }
  /// Pictures decoded, cropped, resized, flipped, jittered and normalised, keyed by (seed, epoch, sample).
  /// - Throws: as `ListedPictures.batch` does.
  public func batch(_ positions: [Int], epoch: Int) throws -> LabelledBatch<Element> {
    try pictures.batch(positions, transform: .training(seed: seed, epoch: epoch))
  }
}
