/// Cuts a run of samples into blocks at places where the adjacent-pairs tree over groups of eight may be cut.
///
/// A block starts at a multiple of its (power-of-two) size; only the last may be ragged. Any sequence of such blocks
/// gives the bits of one pass over all samples (see `GradientAccumulator`). A rank's range of samples is cut in the
/// same way; a block that ends before the end of the batch is whole.
public struct BlockPartition: Sequence, IteratorProtocol, Sendable {
  private let end: Int
  private let isRagged: Bool
  private let largest: Int
  private var position: Int

  /// Blocks over `count` samples, each of at most `partSize` samples (8 if `partSize` is smaller).
  public init(count: Int, partSize: Int) { self.init(of: 0..<count, in: count, partSize: partSize) }

  /// Blocks over a range of `count` samples. The range starts at a multiple of 8 and ends at one or at `count`.
  public init(of range: Range<Int>, in count: Int, partSize: Int = Int.max / 2) {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= count
        && (range.isEmpty || range.lowerBound.isMultiple(of: 8))
        && (range.upperBound == count || range.upperBound.isMultiple(of: 8)),
      "blocks over \(range) of \(count) samples")
    position = range.lowerBound
    end = range.upperBound
    isRagged = end == count
    var size = 8
    while size * 2 <= partSize { size *= 2 }
    largest = size
  }

  /// The next block: its samples, and the level at which it enters the counter.
  public mutating func next() -> (range: Range<Int>, level: Int)? {
    guard position < end else { return nil }
    var size = largest
    while position % size != 0 || (!isRagged && position + size > end) { size /= 2 }
    let range = position..<Swift.min(position + size, end)
    position = range.upperBound
    return (range, (size / 8).trailingZeroBitCount)
  }
}
