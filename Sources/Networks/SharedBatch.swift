import EscapementCalculus
import EscapementKernels
import EscapementLongTail

/// A mini-batch whose labels are known here, and of whose pictures this rank holds its share; or all, on one rank alone.
public struct SharedBatch<Element: Real>: Sendable {
  /// The pictures of this rank, `[own][height][width][channels]`.
  public let images: Tensor<Element>
  /// The labels of all samples, in order.
  public let labels: [Int]
  /// Which samples this rank holds; nil: all.
  public let share: BatchShare?

  /// A batch that is all here.
  public init(_ batch: LabelledBatch<Element>) {
    images = batch.images
    labels = batch.labels
    share = nil
  }

  /// A rank's pictures of a batch with these labels.
  public init(images: Tensor<Element>, labels: [Int], share: BatchShare) {
    precondition(share.count == labels.count, "a share of \(share.count) samples with \(labels.count) labels")
    precondition(images.shape[0] == share.range.count, "\(images.shape) for samples \(share.range)")
    self.images = images
    self.labels = labels
    self.share = share
  }
}
