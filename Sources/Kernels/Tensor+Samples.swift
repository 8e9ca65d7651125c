// A batch `[n]…` divided into runs of samples, and joined again.
extension Tensor {
  /// The number of elements in one sample.
  public var sampleCount: Int { shape.extents.dropFirst().reduce(1, *) }

  /// The samples of a range, as a view.
  public func samples(_ range: Range<Int>) -> Tensor {
    view(at: range.lowerBound * sampleCount, shape: Shape([range.count] + shape.extents.dropFirst()))
  }

  /// Joins batches in order into one batch of `shape`; a single batch is used without a copy.
  public init(joining batches: [Tensor], shape: Shape) {
    precondition(
      batches.reduce(0) { $0 + $1.count } == shape.count, "batches of \(batches.map(\.shape)) for \(shape)")
    if batches.count == 1 {
      self = batches[0].reshaped(shape)
      return
    }
    self.init(shape: shape) { target in
      var target = target
      for batch in batches {
        batch.withPointer { target.update(from: $0, count: batch.count) }
        target += batch.count
      }
    }
  }
}
