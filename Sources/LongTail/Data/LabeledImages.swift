import EscapementArtifacts
import EscapementKernels

/// Labeled images from which network inputs are made: `ImageSet` holds them in memory, `ListedImageSet` reads them from
/// their files.
///
/// An input is a pure function of the image, the transform and the sample's key, so it depends neither on the order of
/// the batches nor on threads.
public protocol LabeledImages: Sendable {
  /// One label in `0..<classes` per image.
  var labels: [Int] { get }
  /// The number of classes.
  var classes: Int { get }
  /// The origin of the images.
  var provenance: ImageProvenance { get }
  /// SHA-256 over all pixels in order; nil where they were not read yet.
  var pixelsDigest: Digest? { get }
  /// The images at the given positions, in that order.
  func selecting(_ positions: [Int]) -> Self
  /// The images at `positions`, transformed and normalized: `[n][height][width][3]`.
  ///
  /// `keys`, one per image, replace the positions as sample keys of the transform; nil means the positions. Throws the
  /// errors of reading for images that are read from files.
  func batch<Element: Real>(
    _ positions: [Int], transform: ImageTransform, keyedBy keys: [Int]?
  ) throws -> LabeledBatch<Element>
}

extension LabeledImages {
  /// The number of images.
  public var count: Int { labels.count }

  /// The number of images of each class.
  public var classCounts: [Int] {
    labels.reduce(into: [Int](repeating: 0, count: classes)) { $0[$1] += 1 }
  }

  /// The positions of the images of one class, ascending.
  public func positions(ofClass label: Int) -> [Int] { labels.indices.filter { labels[$0] == label } }

  /// Fixed samples at the given positions, over which losses and Hessians are evaluated. They are not augmented unless
  /// a `transform` is given. It is keyed by the sample, so every read gives the same data.
  public func source<Element: Real>(
    _ positions: [Int], of type: Element.Type = Element.self, transform: ImageTransform = .plain
  ) -> ImageSource<Element> {
    ImageSource(images: self, positions: positions, transform: transform)
  }
}

/// The transform of an image before the network.
public enum ImageTransform: Hashable, Sendable {
  /// No augmentation: for evaluation, and for the fixed data over which Hessians are computed. An image of another size
  /// than the input is resized and its middle is taken.
  case plain
  /// The random transform of training, keyed by (seed, epoch, sample). For an `ImageSet` it is the released one of
  /// CIFAR: four zero pixels on each side (before normalization), a uniform 32 × 32 window, a left-right flip with
  /// probability one half. For a `ListedImageSet` it is that of its `ImagePreparation`.
  case augmented(seed: UInt64, epoch: Int)
}

/// Samples of labeled images, normalized, with a transform that is the same on every read.
public struct ImageSource<Element: Real>: SampleSource {
  private let images: any LabeledImages
  private let positions: [Int]
  private let transform: ImageTransform
  public let labels: [Int]

  init(images: any LabeledImages, positions: [Int], transform: ImageTransform) {
    self.images = images
    self.positions = positions
    self.transform = transform
    labels = positions.map { images.labels[$0] }
  }

  public func batch(_ range: Range<Int>) throws -> LabeledBatch<Element> {
    try images.batch(Array(positions[range]), transform: transform, keyedBy: nil)
  }
}
