import EscapementRandomness

/// The order in which an epoch visits the training set: a pure function of (seed, epoch).
public struct EpochOrder: Hashable, Sendable {
  /// The number of samples.
  public let count: Int
  /// The seed of the run.
  public let seed: UInt64

  /// The order over `count` samples for one seed.
  public init(count: Int, seed: UInt64) {
    self.count = count
    self.seed = seed
  }

  /// The positions of one epoch: a new uniform permutation.
  public func permutation(epoch: Int) -> [Int] {
    var stream = RandomStream(seed: seed, purpose: .order, index: UInt64(epoch))
    return stream.permutation(count)
  }

  /// The epoch's batches; the last, partial one is kept, as in the released loaders.
  public func batches(epoch: Int, size: Int) -> [[Int]] {
    precondition(size >= 1, "a batch holds at least one sample, got \(size)")
    let order = permutation(epoch: epoch)
    return stride(from: 0, to: count, by: size).map { Array(order[$0..<min($0 + size, count)]) }
  }
}
