import EscapementRandomness

/// Which images of a balanced training set a long-tailed one keeps, and in which order.
public struct LongTailedSubset: Hashable, Sendable {
  /// How the images of a class are chosen.
  public enum Selection: Hashable, Sendable, CustomStringConvertible {
    /// As published with LDAM and kept by the papers verified here: for each class in label order its positions,
    /// ascending, are shuffled by NumPy's legacy generator (one stream, seed 0 unless stated, never the run's
    /// seed), and the first n_c are kept in shuffled order.
    case published(seed: UInt32 = 0)
    /// The first n_c images of each class in data set order, as SSE-SAM and ImbSAM take them.
    case firstInOrder

    /// "published, seed 0" or "first in order".
    public var description: String {
      switch self {
      case .published(let seed): "published, seed \(seed)"
      case .firstInOrder: "first in order"
      }
    }
  }

  /// Positions in the full training set, class by class.
  public let positions: [Int]
  /// The rule by which they were chosen.
  public let selection: Selection

  /// Applies a profile to the labels of a full training set; a class with fewer images than the profile keeps
  /// is a caller's bug.
  public init(labels: [Int], profile: ImbalanceProfile, selection: Selection = .published()) {
    var members = [[Int]](repeating: [], count: profile.counts.count)
    for (position, label) in labels.enumerated() { members[label].append(position) }
    var generator: NumPyLegacyRandom?
    if case .published(let seed) = selection { generator = NumPyLegacyRandom(seed: seed) }
    positions = profile.counts.enumerated().flatMap { label, count in
      precondition(
        members[label].count >= count, "class \(label) has \(members[label].count) images, not \(count)")
      // The whole class is shuffled even when all of it is kept: the stream goes on from there.
      generator?.shuffle(&members[label])
      return members[label].prefix(count)
    }
    self.selection = selection
  }
}
