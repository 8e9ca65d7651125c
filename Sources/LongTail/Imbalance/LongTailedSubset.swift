import EscapementRandomness

/// The images of a balanced training set that a long-tailed one keeps, in order.
public struct LongTailedSubset: Hashable, Sendable {
  /// How the images of a class are chosen.
  public enum Selection: Hashable, Sendable, CustomStringConvertible {
    /// As published with LDAM and used by the papers verified here. For each class in label order, its ascending
    /// positions are shuffled by NumPy's legacy generator (one stream, seed 0 unless another is given, never the run's
    /// seed), and the first n_c are kept in shuffled order.
    case published(seed: UInt32 = 0)
    /// The first n_c images of each class in data set order, as in SSE-SAM and ImbSAM.
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
  /// The rule of the selection.
  public let selection: Selection

  /// Applies a profile to the labels of a full training set. A class with fewer images than the profile keeps is a
  /// programming error.
  public init(labels: [Int], profile: ImbalanceProfile, selection: Selection = .published()) {
    var members = [[Int]](repeating: [], count: profile.counts.count)
    for (position, label) in labels.enumerated() { members[label].append(position) }
    var generator: NumPyLegacyRandom?
    if case .published(let seed) = selection { generator = NumPyLegacyRandom(seed: seed) }
    positions = profile.counts.enumerated().flatMap { label, count in
      precondition(
        members[label].count >= count, "class \(label) has \(members[label].count) images, not \(count)")
      // The whole class is shuffled even if all of it is kept, because the next class continues the stream.
      generator?.shuffle(&members[label])
      return members[label].prefix(count)
    }
    self.selection = selection
  }
}
