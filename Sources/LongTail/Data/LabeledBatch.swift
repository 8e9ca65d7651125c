import EscapementCalculus
import EscapementKernels

/// Images and their labels, ready for a network: all samples of a batch, or a rank's share of them.
public struct LabeledBatch<Element: Real>: Sendable {
  /// This rank's normalized images, `[n][height][width][channels]` (or `[n][features]` for vector data).
  public var images: Tensor<Element>
  /// One label in `0..<classes` for each sample of the batch, in order, including samples that other ranks hold.
  public var labels: [Int]
  /// Another view of each image, of the same shape, for a loss that contrasts two; nil for none.
  public var secondView: Tensor<Element>?
  /// The samples that this rank holds; nil means all.
  public let share: BatchShare?

  /// Pairs images with labels; the counts must agree.
  public init(images: Tensor<Element>, labels: [Int]) {
    precondition(images.shape[0] == labels.count, "\(images.shape[0]) images but \(labels.count) labels")
    self.images = images
    self.labels = labels
    share = nil
  }

  /// A rank's images of a batch with these labels.
  public init(images: Tensor<Element>, labels: [Int], share: BatchShare) {
    precondition(share.count == labels.count, "a share of \(share.count) samples with \(labels.count) labels")
    precondition(images.shape[0] == share.range.count, "\(images.shape) for samples \(share.range)")
    self.images = images
    self.labels = labels
    self.share = share
  }

  /// The number of samples in the batch.
  public var count: Int { labels.count }
}

/// Samples that can be read in any range, always with the same bits. A Hessian is defined over such samples.
public protocol SampleSource<Element>: Sendable {
  /// The element type of the images.
  associatedtype Element: Real
  /// The labels of all samples, in order.
  var labels: [Int] { get }
  /// The samples of a range of positions.
  func batch(_ range: Range<Int>) throws -> LabeledBatch<Element>
}

extension SampleSource {
  /// The number of samples.
  public var count: Int { labels.count }
}

extension LabeledBatch: SampleSource {
  public func batch(_ range: Range<Int>) -> LabeledBatch {
    precondition(share == nil, "samples \(range) of a batch of which this rank holds \(share!.range)")
    let row = images.shape.count / max(images.shape[0], 1)
    let shape = Shape([range.count] + images.shape.extents.dropFirst())
    func part(_ view: Tensor<Element>) -> Tensor<Element> {
      view.view(at: range.lowerBound * row, shape: shape)
    }
    var batch = LabeledBatch(images: part(images), labels: Array(labels[range]))
    batch.secondView = secondView.map(part)
    return batch
  }
}
