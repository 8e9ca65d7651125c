import EscapementOptimizers
import EscapementCalculus

// A run on several ranks, which take every step together. Only rank 0 opens the directory and writes to it.
extension Trainer {
  /// Runs together with rank 0 and returns the final state. It only reads, and only the checkpoint from which to
  /// continue.
  func follow(
    in directory: RunDirectory, resume: Bool, _ isCancelled: () -> Bool
  ) throws -> TrainingState<Element> {
    try opening {}
    let start = try hearStart()
    var loop = try opening {
      try makeLoop(
        state: resume
          ? Checkpoint<Element>(
            sidecar: directory.sidecar(step: start),
            network: recipe.architecture.network(classes: source.classes)
          ).state : nil)
    }
    while !loop.isFinished {
      do {
        _ = try loop.step()
      } catch let divergence as Divergence {
        // The divergence is the same on all ranks, because the non-finite value is a sum over all ranks.
        guard passesOver(loop) else { throw divergence }
        loop.skip()
      }
      if loop.isEpochComplete {
        _ = try accuracies(loop)
        _ = loop.endEpoch()
      }
      if !loop.isFinished, try stops(isCancelled(), loop) {
        throw Interrupted(checkpoint: directory.sidecar(step: loop.state.step))
      }
    }
    return loop.snapshot
  }

  /// The result of `body`, which opens the run on this rank, after it has succeeded on all ranks.
  func opening<R>(_ body: () throws -> R) throws -> R { try ranks?.all(body) ?? body() }

  /// Sends the other ranks the step from which to continue, and waits until they have read its checkpoint.
  func tellStart(of loop: TrainingLoop<Element>) throws {
    guard let ranks else { return }
    _ = exchangedStart([loop.state.step], ranks.communicator)
    try ranks.all {}
  }

  private func hearStart() throws -> Int {
    guard let ranks else { preconditionFailure("a run on one rank follows nobody") }
    let told = exchangedStart([], ranks.communicator)
    try ranks.communicator.check()
    return told[0]
  }

  private func exchangedStart(_ own: [Int], _ communicator: any Communicator) -> [Int] {
    communicator.gathered(own, counts: (0..<communicator.size).map { $0 == 0 ? 1 : 0 })
  }

  /// Whether the run stops after this step, because any rank was asked to stop.
  func stops(_ isAsked: Bool, _ loop: TrainingLoop<Element>) throws -> Bool {
    try ranks?.stops(isAsked, digest: loop.state.digest, step: loop.state.step) ?? isAsked
  }
}
