import CEscapementKernels
import EscapementKernels
import EscapementLongTail

/// The views of a training image.
public enum TrainingViews: Hashable, Sendable {
  /// One view (`ImageTransform.augmented`).
  case augmented
  /// Two views, as for PaCo, for images in memory: one cropped, flipped, changed by AutoAugment's policy for CIFAR-10
  /// and partly erased, and one as in SimCLR (`LabeledBatch.secondView`).
  case contrastive
}

/// Images for training: a new order and new views each epoch.
public struct AugmentedImages<Element: Real>: EpochSource {
  private let images: any LabeledImages
  private let seed: UInt64
  private let epochOrder: EpochOrder
  private let draws: ClassBalancedDraws?
  /// The images of which two views are made; nil for one view.
  private let contrasted: ImageSet?

  /// The images for one run; its seed keys order, draws and augmentation.
  public init(
    _ images: any LabeledImages, seed: UInt64, sampling: Sampling = .uniform,
    views: TrainingViews = .augmented
  ) {
    self.images = images
    self.seed = seed
    contrasted = views == .contrastive ? images as? ImageSet : nil
    epochOrder = EpochOrder(count: images.count, seed: seed)
    draws = sampling.draws(from: images, seed: seed)
  }

  /// The images for a run of a recipe.
  package init(_ images: any LabeledImages, recipe: Recipe) {
    self.init(images, seed: recipe.seed, sampling: recipe.sampling, views: recipe.loss.views)
  }

  /// Whether batches have a second view: images that are read from files have none.
  public var hasSecondView: Bool { contrasted != nil }
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
    let drawn = draws.map { draws in positions.map { draws.position(draw: $0, epoch: epoch) } } ?? positions
    if let contrasted {
      return contrasted.contrastiveBatch(drawn, seed: seed, epoch: epoch, keyedBy: positions)
    }
    return try images.batch(drawn, transform: .augmented(seed: seed, epoch: epoch), keyedBy: positions)
  }
}
