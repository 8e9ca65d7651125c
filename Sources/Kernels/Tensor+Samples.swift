// A batch `[n]…` cut into runs of samples, and put together again.
extension Tensor {
  /// The elements of one sample.
  public var sampleCount: Int { shape.extents.dropFirst().reduce(1, *) }

  /// The samples of a range, as a view.
  public func samples(_ range: Range<Int>) -> Tensor {
    view(at: range.lowerBound * sampleCount, shape: Shape([range.count] + shape.extents.dropFirst()))
  }

  /// Batches one behind another, as one of `shape`; a single one is taken as it is.
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
