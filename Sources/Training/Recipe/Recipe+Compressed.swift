import EscapementOptimizers

extension Recipe {
  /// The same protocol over fewer (or more) epochs. Every event of the recipe at an epoch e moves to
  /// e·`epochs`/`self.epochs`, rounded to the nearest, halves up: the warm-up (at least one epoch), drops of the
  /// learning rate, changes of the radius, the start of re-weighting and that of the influence-balanced loss. SSE-SAM's
  /// stage is a fraction of the run already; a cosine is stretched.
  ///
  /// `lasting` keeps the published epochs instead, so a run of 40 epochs made with it never reaches a drop at 160.
  ///
  /// Throws `HyperparameterError` if two milestones would move to the same epoch, or the last one beyond the end of the
  /// run.
  public func compressed(to epochs: Int) throws -> Recipe {
    guard (1...Self.epochLimit).contains(epochs) else {
      throw HyperparameterError(name: "epochs", value: "\(epochs)", expected: "1 to \(Self.epochLimit)")
    }
    let full = self.epochs
    func moved(_ epoch: Int) -> Int { (2 * epoch * epochs + full) / (2 * full) }
    let last = schedule.lastMilestone.map { (before: $0, after: moved($0)) }
    if let last, last.before < full, last.after >= epochs {
      throw HyperparameterError(
        name: "epochs", value: "\(epochs)",
        expected: "more: the drop of the learning rate at \(last.before) of \(full) would not be reached")
    }
    var recipe = lasting(epochs)
    if case .steps(let warmup, let divisor, let milestones) = schedule.curve {
      // The divisor is the length of the warm-up, except for an overshoot, which keeps its size in epochs.
      let shortened = warmup == 0 ? 0 : max(1, moved(warmup))
      recipe.schedule.curve = .steps(
        warmup: shortened, divisor: max(1, shortened - (warmup - divisor).clamped(to: 0...shortened)),
        milestones: milestones.map { .init(epoch: moved($0.epoch), factor: $0.factor) })
    }
    recipe.weighting?.start = moved(weighting?.start ?? 0)
    if case .influenceBalanced(let alpha, let start) = loss {
      recipe.loss = .influenceBalanced(alpha: alpha, start: moved(start))
    }
    recipe.optimizer = optimizer.mappingRadii { radius in
      switch radius {
      case .constant: radius
      case .steps(let first, let milestones):
        .steps(first: first, then: milestones.map { .init(epoch: max(1, moved($0.epoch)), rho: $0.rho) })
      case .linear(let first, let last, let lasting):
        .linear(first: first, last: last, epochs: max(1, moved(lasting)))
      }
    }
    try recipe.validate()
    return recipe
  }
}

extension LearningRateSchedule {
  fileprivate var lastMilestone: Int? {
    if case .steps(_, _, let milestones) = curve { milestones.last?.epoch } else { nil }
  }
}

extension Comparable {
  fileprivate func clamped(to range: ClosedRange<Self>) -> Self {
    min(max(self, range.lowerBound), range.upperBound)
  }
}
