import EscapementOptimizers
import EscapementCalculus

// A run on several ranks: all take every step together. Rank 0 opens the directory and writes it; the others follow.
extension Trainer {
  /// Runs beside rank 0 and returns the final state; only reads, and only the checkpoint to go on from.
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
        // All ranks meet it alike: what is not finite is a sum over all.
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

  /// What opens the run on this rank, once it succeeded on all.
  func opening<R>(_ body: () throws -> R) throws -> R { try ranks?.all(body) ?? body() }

  /// Tells the others the step to go on from, and waits until they have read its checkpoint.
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

  /// Whether the run stops after this step: where any rank was asked to.
  func stops(_ isAsked: Bool, _ loop: TrainingLoop<Element>) throws -> Bool {
    try ranks?.stops(isAsked, digest: loop.state.digest, step: loop.state.step) ?? isAsked
  }
}
