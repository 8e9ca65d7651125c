import Synchronization

/// The memories of a data set's parts at one point, under one budget.
///
/// A pass takes the memory of one part at a time and returns it. A pass whose part's memory is already in use runs
/// without a memory.
public final class PartMemories: Sendable {
  private struct State {
    var left: Int
    var kept: [Int: PrimalMemory] = [:]
    var lent: Set<Int> = []
  }
  private let state: Mutex<State>

  /// Memories that together hold at most `budget` bytes.
  public init(budget: Int) {
    precondition(budget >= 0, "a budget of \(budget) bytes")
    state = Mutex(State(left: budget))
  }

  /// The bytes held now.
  public var bytes: Int { state.withLock { $0.kept.values.reduce(0) { $0 + $1.bytes } } }

  /// Runs `body` with the memory of the part that starts at sample `first`, rewound to its beginning.
  public func withMemory<R>(ofPartAt first: Int, _ body: (inout PrimalMemory) throws -> R) rethrows -> R {
    var memory = state.withLock { state in
      guard state.lent.insert(first).inserted else { return nil as PrimalMemory? }
      // Removed while in use, so that the pass is its only owner. A new part may use the whole remaining budget.
      if let kept = state.kept.removeValue(forKey: first) { return kept }
      defer { state.left = 0 }
      return PrimalMemory(budget: state.left)
    }
    guard memory != nil else {
      var nothing = PrimalMemory()
      return try body(&nothing)
    }
    defer {
      if var memory {
        memory.rewind()
        state.withLock { state in
          state.left += memory.surrenderBudget()
          state.kept[first] = memory
          state.lent.remove(first)
        }
      }
    }
    return try body(&memory!)
  }
}
