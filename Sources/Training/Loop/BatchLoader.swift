import CEscapementKernels
import Dispatch
import EscapementKernels
import EscapementLongTail
import Synchronization

/// Assembles batches of a source ahead of their use, each on a thread of its own.
///
/// What a batch holds is a pure function of (positions, epoch), so that it does not matter which thread made it, or
/// when. At most `depth` batches are held or being made: memory is bounded by that many batches.
final class BatchLoader<Element: Real>: Sendable {
  /// Which batch: the epoch's `step`-th.
  struct Key: Hashable, Sendable {
    let epoch: Int
    let step: Int
  }

  private typealias Outcome = Result<LabeledBatch<Element>, any Error>

  private struct State {
    var pending: [Key] = []
    var made: [Key: Outcome] = [:]
  }

  private let source: any EpochSource<Element>
  private let depth: Int
  private let state = Mutex(State())
  private let start: @Sendable (@escaping @Sendable () -> Void) -> Bool
  private let arrivals = DispatchSemaphore(value: 0)

  /// A loader over a source that keeps up to `depth` batches ready; 0: none, every batch is made when it is asked for.
  ///
  /// `start` runs work on a thread of its own, or says that there is none.
  init(
    _ source: any EpochSource<Element>, depth: Int,
    start: @escaping @Sendable (@escaping @Sendable () -> Void) -> Bool = DetachedThread.start
  ) {
    precondition(depth >= 0, "a loader of depth \(depth)")
    self.source = source
    self.depth = depth
    self.start = start
  }

  /// The batch of that key, made now unless it was requested before. Waits for one that is being made.
  func batch(_ key: Key, positions: [Int]) throws -> LabeledBatch<Element> {
    while true {
      let (outcome, isComing) = state.withLock { state in
        (state.made.removeValue(forKey: key), state.pending.contains(key))
      }
      if let outcome { return try outcome.get() }
      guard isComing else { return try source.batch(positions, epoch: key.epoch) }
      arrivals.wait()
    }
  }

  /// Asks for a batch to be made ready; ignored when `depth` others are, or the same one is.
  ///
  /// Batches that nobody fetched, as after a jump to another step, give way first.
  func request(_ key: Key, positions: @escaping @Sendable () -> [Int]) {
    let isNew = state.withLock { state in
      guard state.made[key] == nil, !state.pending.contains(key) else { return false }
      if state.made.count + state.pending.count >= depth {
        state.made = state.made.filter { $0.key.epoch == key.epoch && $0.key.step == key.step - 1 }
      }
      guard state.made.count + state.pending.count < depth else { return false }
      state.pending.append(key)
      return true
    }
    guard isNew else { return }
    let isStarted = start { [self] in
      // One thread: the training step's kernels find the workers free.
      ek_threads_override(1)
      defer { ek_threads_override(0) }
      let outcome = Outcome { try source.batch(positions(), epoch: key.epoch) }
      state.withLock { state in
        state.pending.removeAll { $0 == key }
        state.made[key] = outcome
      }
      arrivals.signal()
    }
    // Without a thread the batch is made when it is asked for.
    if !isStarted { state.withLock { state in state.pending.removeAll { $0 == key } } }
  }
}
