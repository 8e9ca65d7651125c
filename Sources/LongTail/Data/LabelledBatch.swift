import EscapementKernels

/// Pictures and their labels, ready for a network.
public struct LabelledBatch<Element: Real>: Sendable {
  /// Normalised pictures, `[n][height][width][channels]` (or `[n][features]` for vector data).
  public var images: Tensor<Element>
  /// One label in `0..<classes` per picture.
  public var labels: [Int]

  /// Pairs pictures with labels; the counts must agree.
  public init(images: Tensor<Element>, labels: [Int]) {
    precondition(images.shape[0] == labels.count, "\(images.shape[0]) pictures but \(labels.count) labels")
    self.images = images
    self.labels = labels
  }

  /// The number of samples.
  public var count: Int { labels.count }
}

/// Samples that can be read in any range, always with the same bits: what a Hessian is defined over.
public protocol SampleSource<Element>: Sendable {
  /// The element type of the pictures.
  associatedtype Element: Real
  /// The labels of all samples, in order.
  var labels: [Int] { get }
  /// The samples of a range of positions.
  func batch(_ range: Range<Int>) throws -> LabelledBatch<Element>
}

extension SampleSource {
  /// The number of samples.
  public var count: Int { labels.count }
}

extension LabelledBatch: SampleSource {
  public func batch(_ range: Range<Int>) -> LabelledBatch {
    let row = images.shape.count / max(images.shape[0], 1)
    let extents = [range.count] + images.shape.extents.dropFirst()
    return LabelledBatch(
      images: images.view(at: range.lowerBound * row, shape: Shape(extents)),
      labels: Array(labels[range]))
  }
}
