import EscapementKernels
import EscapementLongTail

/// A picture set as training meets it: a fresh order and fresh crops and flips each epoch.
public struct AugmentedImages<Element: Real>: EpochSource {
  private let pictures: ImageSet
  private let seed: UInt64
  private let epochOrder: EpochOrder
  private let draws: ClassBalancedDraws?

  /// The pictures under one run's seed, which keys order, draws and augmentation.
  public init(_ pictures: ImageSet, seed: UInt64, sampling: Sampling = .uniform) {
    self.pictures = pictures
    self.seed = seed
    epochOrder = EpochOrder(count: pictures.count, seed: seed)
    draws = sampling.draws(from: pictures, seed: seed)
  }

  /// The set's classes.
  public var classes: Int { pictures.classes }
  /// The pictures of each class.
  public var classCounts: [Int] { pictures.classCounts }
  /// The set's pictures, and as many draws in an epoch.
  public var count: Int { pictures.count }
  /// A uniform permutation keyed by (seed, epoch); of draws when resampling.
  public func order(epoch: Int) -> [Int] { epochOrder.permutation(epoch: epoch) }
  /// Pictures cropped, flipped and normalised, keyed by (seed, epoch, sample); when resampling by the draw, so that
  /// a picture drawn twice is cropped twice.
  public func batch(_ positions: [Int], epoch: Int) -> LabelledBatch<Element> {
    let transform = PictureTransform.cropAndFlip(seed: seed, epoch: epoch)
    guard let draws else { return pictures.batch(positions, transform: transform) }
    let drawn = positions.map { draws.position(draw: $0, epoch: epoch) }
    return pictures.batch(drawn, transform: transform, keyedBy: positions)
  }
}
