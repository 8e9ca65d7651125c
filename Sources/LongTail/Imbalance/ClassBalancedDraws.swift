import EscapementRandomness

/// Draws with replacement from a training set, in which a sample of class c has a probability proportional to a weight
/// w_c.
///
/// A class is drawn with probability proportional to n_c·w_c, then one of its samples uniformly. Draw i of an epoch is
/// a pure function of (seed, epoch, i).
public struct ClassBalancedDraws: Hashable, Sendable {
  private let members: [[Int]]
  private let cumulative: [Double]
  private let seed: UInt64

  /// Draws from samples with these labels. There is one positive weight per class, and every class needs a sample.
  public init(labels: [Int], weights: [Double], seed: UInt64) {
    precondition(
      weights.allSatisfy { $0 > 0 && $0.isFinite }, "weights must be positive and finite, got \(weights)")
    var members = [[Int]](repeating: [], count: weights.count)
    for (position, label) in labels.enumerated() { members[label].append(position) }
    precondition(members.allSatisfy { !$0.isEmpty }, "a class without samples cannot be drawn")
    var sum = 0.0
    cumulative = zip(members, weights).map {
      sum += Double($0.count) * $1
      return sum
    }
    self.members = members
    self.seed = seed
  }

  /// The position of the sample for one draw of an epoch.
  public func position(draw: Int, epoch: Int) -> Int {
    precondition(epoch >= 0 && epoch < 1 << 20, "epoch \(epoch) is not in 0..<2^20")
    var stream = RandomStream(
      seed: seed, purpose: .resampling, index: UInt64(epoch) << 36 | UInt64(draw))
    let threshold = stream.uniform() * cumulative[cumulative.count - 1]
    // The product may round up to the total, in which case the draw is of the last class.
    let label = cumulative.firstIndex { threshold < $0 } ?? cumulative.count - 1
    return members[label][stream.integer(below: members[label].count)]
  }
}
