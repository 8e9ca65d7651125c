import EscapementGoldens
import EscapementOptimizers
import EscapementArtifacts
import Foundation
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementTraining

/// The work of one audit: it trains in memory and compares with the record during training.
struct AuditWorker {
  /// A checkpoint that a drawn segment needs is missing.
  struct NoCheckpoint: Error {
    let reason: String
  }

  private let audit: RunAudit
  private let data: LongTailedData
  private let network: Network
  /// The report so far.
  var report: AuditReport
  private var recomputed: Set<Int> = []
  private var agreeing: Set<Int> = []

  init(_ audit: RunAudit, data: LongTailedData, report: AuditReport) {
    (self.audit, self.data, self.report) = (audit, data, report)
    network = audit.run.recipe.architecture.network(classes: data.train.classes)
  }

  /// The first difference, in the order of the run; nil if there is none.
  mutating func difference(
    isCancelled: () -> Bool, progress: (RunAudit.Progress) -> Void
  ) throws -> AuditDifference? {
    let begun = 0..<report.epochs
    let rest = report.segments.filter { $0.upperBound > begun.upperBound }
    let stretches = (begun.isEmpty ? [] : [begun]) + rest
    // Check that the checkpoints exist before the long computation.
    for stretch in rest where stretch.lowerBound > 0 { try requireCheckpoint(for: stretch) }
    let total = stretches.reduce(0) { $0 + $1.count } * audit.stepsPerEpoch
    var done = 0
    for stretch in stretches {
      let found = try recompute(stretch) { epoch in
        if isCancelled() { throw RunAudit.Cancelled() }
        progress(RunAudit.Progress(label: "epoch \(epoch + 1)", done: done, total: total))
        done += 1
      }
      (report.steps, report.links) = (recomputed.count, agreeing.count)
      if let found { return found }
    }
    return try finalWeights()
  }

  // MARK: Checkpoints

  private func sidecar(step: Int) -> URL {
    audit.checkpoints.appendingPathComponent(RunDirectory.sidecarName(step: step))
  }

  private func hasCheckpoint(step: Int) -> Bool {
    FileManager.default.fileExists(atPath: sidecar(step: step).path)
  }

  private func checkpoint(step: Int) throws -> Checkpoint<Float> {
    try Checkpoint<Float>(sidecar: sidecar(step: step), network: network)
  }

  private func requireCheckpoint(for segment: Range<Int>) throws {
    let step = segment.lowerBound * audit.stepsPerEpoch
    guard !hasCheckpoint(step: step) else { return }
    throw NoCheckpoint(
      reason:
        "epochs \(segment.lowerBound + 1) to \(segment.upperBound) were drawn, and the checkpoint after step "
        + "\(step) is not in \(audit.checkpoints.path): put it there, or name its folder with --checkpoints")
  }

  /// The reason why a checkpoint is not the run's after the given number of steps; nil if it is.
  private mutating func fault(_ saved: Checkpoint<Float>, step: Int) -> String? {
    let state = saved.state
    guard saved.recipe == audit.run.recipe, saved.digestEvery == audit.run.digestEvery else {
      return "the checkpoint after it is of another recipe or interval of links"
    }
    guard state.step == step, state.digest == audit.links[step] else {
      return "the checkpoint after it ends in another link than is on record"
    }
    switch state.isLinked {
    case false?: return "the tensors of the checkpoint after it do not give its link"
    case nil:
      let note =
        "the checkpoint after step \(step) is of a release that did not keep the link before: its tensors are taken at "
        + "their word"
      if !report.notes.contains(note) { report.notes.append(note) }
      return nil
    case true?: return nil
    }
  }

  // MARK: Training

  /// Trains some epochs, from the seed or from a kept checkpoint, and compares each link, the counts at each epoch's
  /// end and each available checkpoint.
  private mutating func recompute(
    _ epochs: Range<Int>, beforeStep: (_ epoch: Int) throws -> Void
  ) throws -> AuditDifference? {
    let run = audit.run
    let source = AugmentedImages<Float>(data.train, recipe: run.recipe)
    var state: TrainingState<Float>?
    if epochs.lowerBound > 0 {
      let step = epochs.lowerBound * audit.stepsPerEpoch
      let saved = try checkpoint(step: step)
      if let fault = fault(saved, step: step) { return AuditDifference(step: step, what: fault) }
      state = saved.state
    }
    var loop = try TrainingLoop<Float>(
      recipe: run.recipe, source: source, digestEvery: run.digestEvery, state: state)
    if state == nil {
      if let initial = audit.initial, loop.state.parameters.digest != initial {
        return AuditDifference(step: 0, what: "the initial parameters on record are not those of the seed")
      }
      if let order = audit.firstOrder, source.orderDigest(epoch: 0) != order {
        return AuditDifference(step: 0, what: "the first order on record is not that of the seed")
      }
    }
    guard loop.stepsPerEpoch == audit.stepsPerEpoch else {
      return AuditDifference(
        step: audit.stepsPerEpoch, what: "an epoch of these images has \(loop.stepsPerEpoch) steps")
    }
    var last: Int? = state.map(\.step)
    // After a link differs, training continues to the next available checkpoint, which can identify the tensor.
    var found: AuditDifference?
    while loop.state.epoch < epochs.upperBound {
      try beforeStep(loop.state.epoch)
      do {
        _ = try loop.step()
      } catch let divergence as Divergence {
        guard audit.onDivergence == .skip, loop.state.skippedInARow + 1 < loop.stepsPerEpoch else {
          return found
            ?? AuditDifference(
              step: loop.state.step + 1, lastAgreeing: last, what: "recomputed, \(divergence.reason)")
        }
        loop.skip()
      }
      let step = loop.state.step
      if found == nil {
        recomputed.insert(step)
        if let link = audit.links[step] {
          if link == loop.state.digest {
            agreeing.insert(step)
            last = step
          } else {
            found = AuditDifference(
              step: step, lastAgreeing: last, what: "its link is not the one on record")
          }
        }
      }
      if let found, !canName(from: step, to: epochs.upperBound) { return found }
      guard loop.isEpochComplete else { continue }
      if hasCheckpoint(step: step) {
        if let named = try compare(loop, at: step, found, last) { return named }
      }
      if found == nil, let counts = try counts(loop.state, of: run.epochs[loop.state.epoch]) {
        return AuditDifference(step: step, lastAgreeing: last, what: counts)
      }
      _ = loop.endEpoch()
    }
    return found
  }

  /// Whether a checkpoint at or after `step` can identify the tensor that differs.
  private func canName(from step: Int, to epoch: Int) -> Bool {
    let perEpoch = audit.stepsPerEpoch
    let next = (step + perEpoch - 1) / perEpoch
    return next <= epoch && (next...epoch).contains { hasCheckpoint(step: $0 * perEpoch) }
  }

  /// Compares the checkpoint after a step with the recomputed state: the first tensor in which they differ.
  private mutating func compare(
    _ loop: TrainingLoop<Float>, at step: Int, _ found: AuditDifference?, _ last: Int?
  ) throws -> AuditDifference? {
    let saved = try checkpoint(step: step)
    let ours = loop.snapshot
    var difference = found
    if difference == nil, let fault = fault(saved, step: step) {
      difference = AuditDifference(step: step, lastAgreeing: last, what: fault)
    }
    let sameVectors = Set(saved.state.ruleState.keys) == Set(ours.ruleState.keys)
    if let tensor = CheckpointComparison.difference(ours, saved.state) {
      var named =
        difference
        ?? AuditDifference(
          step: step, lastAgreeing: last, what: "the checkpoint after it has other tensors than its link")
      named.tensor = AuditDifference.Tensor(step: step, difference: tensor)
      return named
    }
    if difference == nil, !sameVectors {
      return AuditDifference(
        step: step, lastAgreeing: last, what: "the checkpoint after it has other vectors of the rule")
    }
    difference?.what += ", while the tensors of the checkpoint after step \(step) are the recomputed ones"
    return difference
  }

  /// The difference between the counts of a state and those of a recorded epoch; nil if they agree.
  private func counts(_ state: TrainingState<Float>, of epoch: RecordedEpoch) throws -> String? {
    func difference(
      _ set: any LabeledImages, _ recorded: [Int], _ name: String, _ testTime: TestTimeAugmentation? = nil
    ) throws -> String? {
      let counted = try accuracy(state, over: set, testTime ?? audit.run.testTime).correct
      guard
        let label = zip(counted, recorded).enumerated().first(where: { $0.element.0 != $0.element.1 })?.offset
      else { return nil }
      return
        "\(counted[label]) \(name) images of class \(label) are classified correctly, \(recorded[label]) on record"
    }
    if let found = try difference(data.test, epoch.correct, "test") { return found }
    let plain = TestTimeAugmentation.none
    if let found = try epoch.plainCorrect.flatMap({ try difference(data.test, $0, "plain test", plain) }) {
      return found
    }
    return try epoch.trainingCorrect.flatMap { try difference(data.train, $0, "training") }
  }

  private func accuracy(
    _ state: TrainingState<Float>, over set: any LabeledImages, _ testTime: TestTimeAugmentation
  ) throws -> ClassAccuracy {
    try ClassAccuracy(
      network: network, parameters: state.parameters, statistics: state.statistics,
      over: set.source(Array(0..<set.count), of: Float.self), testTime: testTime)
  }

  // MARK: The end

  /// Evaluates the final weights, if they are available.
  private mutating func finalWeights() throws -> AuditDifference? {
    guard audit.run.state == .finished, let epoch = audit.run.epochs.last, hasCheckpoint(step: epoch.step)
    else {
      return nil
    }
    let saved = try checkpoint(step: epoch.step)
    if let fault = fault(saved, step: epoch.step) { return AuditDifference(step: epoch.step, what: fault) }
    if let counts = try counts(saved.state, of: epoch) {
      return AuditDifference(step: epoch.step, what: "of the final weights, \(counts)")
    }
    report.weights = AuditReport.Weights(correct: epoch.correct.reduce(0, +), samples: data.test.count)
    return nil
  }
}
