/// Cuts a run of samples into blocks at which the adjacent-pairs tree over groups of eight may be cut.
///
/// A block starts at a multiple of its (power-of-two) size; only the last may be ragged. Any sequence of
/// such blocks gives the bits of one pass over all samples (see `GradientAccumulator`).
public struct BlockPartition: Sequence, IteratorProtocol, Sendable {
  private let count: Int
  private let largest: Int
  private var position = 0

  /// Blocks over `count` samples, each of at most `partSize` (at least 8 is taken).
  public init(count: Int, partSize: Int) {
    self.count = count
    var size = 8
    while size * 2 <= partSize { size *= 2 }
    largest = size
  }

  /// The next block: its samples, and the level at which it enters the counter.
  public mutating func next() -> (range: Range<Int>, level: Int)? {
    guard position < count else { return nil }
    var size = largest
    while position % size != 0 { size /= 2 }
    let range = position..<Swift.min(position + size, count)
    position = range.upperBound
    return (range, (size / 8).trailingZeroBitCount)
  }
}
