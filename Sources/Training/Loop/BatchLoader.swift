import CEscapementKernels
import Dispatch
import EscapementKernels
import EscapementLongTail
import Synchronization

/// Assembles batches of a source before they are needed, each on its own thread.
///
/// The contents of a batch are a pure function of (positions, epoch), so it does not matter which thread makes it, or
/// when. At most `depth` batches exist or are being made, which bounds the memory.
final class BatchLoader<Element: Real>: Sendable {
  /// Identifies a batch: the `step`-th of the epoch.
  struct Key: Hashable, Sendable {
    let epoch: Int
    let step: Int

    /// Whether it is one of the `count` batches before `later`, which may be in the next epoch.
    func isWithin(_ count: Int, before later: Key) -> Bool {
      epoch == later.epoch
        ? (later.step - count..<later.step).contains(step) : epoch == later.epoch - 1 && later.step < count
    }
  }

  private typealias Outcome = Result<LabeledBatch<Element>, any Error>

  private struct State {
    var pending: [Key] = []
    var made: [Key: Outcome] = [:]
  }

  private let source: any EpochSource<Element>
  let depth: Int
  private let state = Mutex(State())
  private let start: @Sendable (@escaping @Sendable () -> Void) -> Bool
  private let arrivals = DispatchSemaphore(value: 0)

  /// A loader over a source that keeps up to `depth` batches ready; with 0 every batch is made on demand.
  ///
  /// `start` runs work on a separate thread, or returns false if there is none.
  init(
    _ source: any EpochSource<Element>, depth: Int,
    start: @escaping @Sendable (@escaping @Sendable () -> Void) -> Bool = DetachedThread.start
  ) {
    precondition(depth >= 0, "a loader of depth \(depth)")
    self.source = source
    self.depth = depth
    self.start = start
  }

  /// The batch for that key; it is made now unless it was requested before. Waits for a batch that is being made.
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

  /// Requests that a batch be made ready; ignored if `depth` others are, or if the same one is.
  ///
  /// Batches that were never fetched, as after a jump to another step, are dropped first.
  func request(_ key: Key, positions: @escaping @Sendable () -> [Int]) {
    let isNew = state.withLock { state in
      guard state.made[key] == nil, !state.pending.contains(key) else { return false }
      if state.made.count + state.pending.count >= depth {
        state.made = state.made.filter { $0.key.isWithin(depth, before: key) }
      }
      guard state.made.count + state.pending.count < depth else { return false }
      state.pending.append(key)
      return true
    }
    guard isNew else { return }
    let isStarted = start { [self] in
      // One thread, so that the workers are free for the training step's kernels.
      ek_threads_override(1)
      defer { ek_threads_override(0) }
      let outcome = Outcome { try source.batch(positions(), epoch: key.epoch) }
      state.withLock { state in
        state.pending.removeAll { $0 == key }
        state.made[key] = outcome
      }
      arrivals.signal()
    }
    // Without a thread the batch is made on demand.
    if !isStarted { state.withLock { state in state.pending.removeAll { $0 == key } } }
  }
}
