import EscapementOptimizers
import EscapementArtifacts
import EscapementCalculus
import Foundation
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import Testing
import EscapementTraining

/// A training set some of whose images are not finite numbers.
private struct PoisonedImages: EpochSource {
  let whole: AugmentedImages<Float>
  /// The positions whose images are NaN, by epoch.
  let poison: @Sendable (_ position: Int, _ epoch: Int) -> Bool

  var classes: Int { whole.classes }
  var classCounts: [Int] { whole.classCounts }
  var count: Int { whole.count }
  func order(epoch: Int) -> [Int] { whole.order(epoch: epoch) }
  func batch(_ positions: [Int], epoch: Int) throws -> LabeledBatch<Float> {
    var batch = try whole.batch(positions, epoch: epoch)
    if positions.contains(where: { poison($0, epoch) }) {
      var elements = batch.images.elements
      elements[0] = .nan
      batch.images = Tensor(elements, shape: batch.images.shape)
    }
    return batch
  }
}

@Suite("A step without finite numbers")
struct DivergenceTests {
  private let tiny = TinyRun(optimizer: .sam(rho: .constant(0.1), variant: .released))

  private func trainer(
    _ action: DivergenceAction, poison: @escaping @Sendable (Int, Int) -> Bool
  ) -> Trainer<Float> {
    var options = tiny.options
    options.onDivergence = action
    options.checkpointEvery = 2
    let test = TinyRun.images(count: 30, index: 1)
    return Trainer(
      recipe: tiny.recipe, source: PoisonedImages(whole: tiny.source, poison: poison),
      test: test.source(Array(0..<30)), groups: ClassGroups(byCount: [36, 24, 12], many: 30, few: 30),
      provenance: "noise with a fault", options: options)
  }

  @Test("stop: the step, the tensor and the last good checkpoint are named")
  func stop() throws {
    try inDirectory { parent in
      let run = RunDirectory(parent.appendingPathComponent("run"))
      // Sample 40 in the second epoch; the first segment of the gradient meets the NaN.
      let bad = try #require(tiny.source.order(epoch: 1).firstIndex(of: 40)) / 16 + 5
      let end = try #require(throws: Divergence.self) {
        try trainer(.stop) { $0 == 40 && $1 == 1 }.run(in: run)
      }
      #expect(end.step == bad && end.what == "loss" && end.tensor == "conv1.weight" && end.exitCode == 70)
      let newest = try #require(run.checkpointedSteps().last)
      #expect(end.checkpoint == run.sidecar(step: newest) && newest <= bad)
      for part in ["step \(bad)", "conv1.weight", run.sidecar(step: newest).path] {
        #expect(end.description.contains(part))
      }
      let event = try #require(try events(of: run).last)
      #expect(event["event"] == "divergence" && event["step"]?.integer == bad)
      #expect(event["tensor"] == "conv1.weight")
      #expect(event["checkpoint"]?.string == run.sidecar(step: newest).lastPathComponent)
    }
  }

  @Test("skip: nothing moves, the event is recorded and counted, and a resumed run leaves the same files")
  func skip() throws {
    try inDirectory { parent in
      let whole = RunDirectory(parent.appendingPathComponent("whole"))
      let trainer = trainer(.skip) { $0 == 40 && $1 == 1 }
      var skipped: [Divergence] = []
      let final = try trainer.run(
        in: whole, observer: { if case .skipped(let what) = $0 { skipped.append(what) } })
      let bad = try #require(skipped.first?.step)
      #expect(skipped.count == 1 && (5..<10).contains(bad))
      let lines = try events(of: whole)
      let event = try #require(lines.first { $0["event"] == "skip" })
      #expect(event["step"]?.integer == bad && event["tensor"] == "conv1.weight" && event["epoch"] == 1)
      #expect(
        lines.filter { $0["event"] == "epoch" }.map { $0["train"]?["skipped"]?.integer } == [nil, 1, nil])
      #expect(try whole.readRecord().options.onDivergence == .skip)

      // Step by step: the vectors before the step are those after it, and the place has moved on.
      var loop = try TrainingLoop(
        recipe: tiny.recipe, source: PoisonedImages(whole: tiny.source) { $0 == 40 && $1 == 1 })
      while loop.state.step < bad {
        _ = try loop.step()
        if loop.isEpochComplete { _ = loop.endEpoch() }
      }
      let before = loop.snapshot
      #expect(throws: Divergence.self) { try loop.step() }
      #expect(loop.snapshot == before)
      loop.skip()
      let after = loop.snapshot
      #expect(after.parameters == before.parameters && after.statistics == before.statistics)
      #expect(after.ruleState == before.ruleState && !after.ruleState.isEmpty)
      #expect(after.step == bad + 1 && after.skippedInARow == 1 && after.digest != before.digest)

      for stop in [bad - 1, bad, bad + 1] {
        let run = RunDirectory(parent.appendingPathComponent("stopped-\(stop)"))
        var steps = 0
        #expect(throws: Interrupted.self) {
          try trainer.run(in: run, isCancelled: { steps == stop }) {
            switch $0 {
            case .step, .skipped: steps += 1
            default: break
            }
          }
        }
        #expect(try trainer.run(in: run, resume: true) == final)
        #expect(try contents(of: run) == contents(of: whole), "stopped after \(stop) steps")
      }
      #expect(throws: DataError.self) {
        try self.trainer(.stop) { _, _ in false }.run(in: whole, resume: true)
      }
    }
  }

  @Test(
    "skip: a run that ends among skipped steps has a checkpoint of its end, and the last good one before it")
  func endsSkipping() throws {
    try inDirectory { parent in
      let run = RunDirectory(parent.appendingPathComponent("run"))
      // The last two steps of the third epoch.
      let last = Set(tiny.source.order(epoch: 2).dropFirst(48))
      let final = try trainer(.skip) { $1 == 2 && last.contains($0) }.run(in: run)
      #expect(final.step == 15 && final.skippedInARow == 2)
      #expect(try run.checkpointedSteps() == [12, 15] && run.readMetrics().isSealed)
      let network = tiny.recipe.architecture.network(classes: 3)
      #expect(try Checkpoint<Float>(sidecar: run.sidecar(step: 15), network: network).state == final)
      #expect(
        try Checkpoint<Float>(sidecar: run.sidecar(step: 12), network: network).state.skippedInARow == 0)
    }
  }

  @Test("skip: an epoch's worth of skipped steps in a row ends the run, at a checkpoint from before them")
  func deadRun() throws {
    try inDirectory { parent in
      let run = RunDirectory(parent.appendingPathComponent("run"))
      // From the third step of the second epoch on.
      let first = tiny.source.order(epoch: 1).prefix(32)
      let trainer = trainer(.skip) { $1 > 1 || ($1 == 1 && !first.contains($0)) }
      var skips = 0
      let end = try #require(throws: Divergence.self) {
        try trainer.run(in: run, observer: { if case .skipped = $0 { skips += 1 } })
      }
      #expect(end.step == 11 && end.skippedBefore == 4 && skips == 4)
      #expect(end.checkpoint == run.sidecar(step: 6))
      #expect(end.description.contains("after 4 skipped steps in a row"))
      // Resuming meets the same end.
      let again = #expect(throws: Divergence.self) { try trainer.run(in: run, resume: true) }
      #expect(again == end)
    }
  }
}
