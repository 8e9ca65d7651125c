import EscapementArtifacts
import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementOptimizers
import Foundation
import Testing

@testable import EscapementTraining

/// Parametric contrastive learning: two views, a key encoder and a queue.
@Suite("Contrastive training")
struct ContrastiveTrainingTests {
  private static func tiny(_ optimizer: OptimizerChoice = .sgd, epochs: Int = 2, batch: Int = 16) throws
    -> TinyRun
  {
    var tiny = TinyRun(optimizer: optimizer, epochs: epochs)
    tiny.recipe.loss = .parametricContrastive(alpha: 0.05, temperature: 0.1, queue: 4 * batch)
    tiny.recipe.weighting = nil
    tiny.recipe.batchSize = batch
    tiny.recipe.architecture = try #require(tiny.recipe.architecture.with(.projected))
    return tiny
  }

  private static let sam = OptimizerChoice.sam(rho: .constant(0.1), variant: .released)

  /// Steps as PaCo's code takes them, written out: the key encoder follows the parameters, its keys of the second view
  /// and the queue are the contrasts of every gradient, and the keys enter the queue after the step.
  @Test("a step is the released one, with one gradient and with two", arguments: [OptimizerChoice.sgd, sam])
  func steps(optimizer: OptimizerChoice) throws {
    let tiny = try Self.tiny(optimizer)
    var loop = try tiny.loop()
    let objective = ContrastiveObjective<Float>(
      network: loop.network, loss: PaCoLoss(counts: [36, 24, 12], alpha: 0.05, temperature: 0.1))
    var state = loop.state
    var contrast = try #require(state.contrast)
    #expect(contrast.encoder.parameters == state.parameters && contrast.queue.capacity == 64)
    #expect(loop.stepsPerEpoch == 4)
    var rule = try tiny.recipe.makeRule(Float.self)
    let order = tiny.source.order(epoch: 0)
    for step in 0..<4 {
      let batch = try tiny.source.batch(Array(order[(16 * step)..<(16 * step + 16)]), epoch: 0)
      contrast.encoder.parameters.flat = contrast.encoder.parameters.flat.scaled(by: 0.999)
        .addingScaled(1 - 0.999, state.parameters.flat)
      let (keys, observed) = objective.keys(at: contrast.encoder.parameters, of: batch)
      contrast.encoder.statistics = observed.folded(into: contrast.encoder.statistics)
      let contrasts = Tensor(keys.elements + contrast.queue.keys.elements, shape: [80, 32])
      let first = objective.trainingStep(
        at: state.parameters, batch: batch, contrasts: contrasts,
        contrastLabels: batch.labels + contrast.queue.labels
      ).evaluation
      var oracle = ContrastiveOracle(
        objective, DividedBatch(batch), keys: keys, queue: contrast.queue, statistics: state.statistics)
      _ = try rule.step(
        &state.parameters, oracle: &oracle,
        context: StepContext(step: step, epoch: 0, learningRate: loop.learningRate))
      state.statistics = oracle.statistics
      contrast.queue.enqueue(keys, labels: batch.labels)

      let record = try loop.step()
      #expect(record.loss == first.loss && record.gradientNorm == first.gradient.flat.norm())
      #expect(record.samples == 16 && record.correct == first.correct)
      #expect(record.evaluations == (optimizer == .sgd ? 1 : 2))
      #expect(loop.state.parameters == state.parameters && loop.state.statistics == state.statistics)
      #expect(loop.state.contrast == contrast, "step \(step)")
      #expect(contrast.queue.position == (16 * step + 16) % 64)
    }
    #expect(loop.isEpochComplete && loop.endEpoch().samples == 64, "the last 8 of 72 images are dropped")
  }

  @Test("the digest chain covers the key encoder, its statistics and the queue")
  func digests() throws {
    var loop = try Self.tiny().loop()
    _ = try loop.step()
    let state = loop.snapshot
    #expect(state.isLinked == true)
    let changes: [(inout ContrastiveState<Float>) -> Void] = [
      { $0.encoder.parameters.flat = $0.encoder.parameters.flat.scaled(by: 2) },
      { $0.encoder.statistics.flat = $0.encoder.statistics.flat.scaled(by: 2) },
      { $0.queue.keys = $0.queue.keys.scaled(by: 2) }, { $0.queue.labels[3] ^= 1 }, { $0.queue.position = 0 },
    ]
    for change in changes {
      var changed = state
      change(&changed.contrast!)
      #expect(changed.isLinked == false)
    }
  }

  @Test("a run that is stopped and resumed leaves the same files", arguments: [OptimizerChoice.sgd, sam])
  func resumption(optimizer: OptimizerChoice) throws {
    let tiny = try Self.tiny(optimizer)
    try inDirectory { parent in
      let whole = RunDirectory(parent.appendingPathComponent("whole"))
      let final = try tiny.trainer.run(in: whole)
      let run = RunDirectory(parent.appendingPathComponent("parts"))
      for (stop, resume) in [(1, false), (4, true)] {
        var calls = 0
        #expect(throws: Interrupted.self) {
          try tiny.trainer.run(in: run, resume: resume) {
            calls += 1
            return calls == stop
          }
        }
      }
      #expect(run.checkpointedSteps().last == 5)
      #expect(try tiny.trainer.run(in: run, resume: true) == final)
      #expect(try contents(of: run) == contents(of: whole))

      let sidecar = whole.sidecar(step: 8)
      let files = try CheckpointFiles(sidecar: sidecar)
      #expect(files.tensors.tensors["queue"]?.shape == [64, 32])
      #expect(
        files.tensors.tensors["queue_l"]?.shape == [64] && files.tensors.tensors["queue_ptr"]?.shape == [1])
      for name in [
        "encoder_k.conv1.weight", "encoder_k.fc.1.running_var", "fc.3.bias", "optimizer.momentum.fc.3.bias",
      ] {
        #expect(files.tensors.tensors[name] != nil, "\(name)")
      }
      let weights = try Checkpoint<Float>.weights(sidecar: sidecar).names
      let network = try tiny.loop().network
      #expect(
        Set(weights) == Set((network.layout.segments + network.statisticsLayout.segments).map(\.name)))
    }
  }

  @Test("labels and positions that a queue cannot have are refused")
  func damagedQueue() throws {
    let loop = try Self.tiny().loop()
    let queue = try #require(loop.state.contrast).queue
    #expect(try KeyQueue(queue.vector, classes: 3, file: "f") == queue)
    for (entry, value) in [
      (64 * 32, 3), (64 * 32 + 5, 0.5), (64 * 32 + 9, -1), (64 * 33, 64), (64 * 33, .nan),
    ]
      as [(Int, Float)]
    {
      var elements = queue.vector.flat.elements
      elements[entry] = value
      let changed = ParameterVector(layout: queue.vector.layout, flat: Tensor(elements))
      let error = #expect(throws: DataError.self) { try KeyQueue(changed, classes: 3, file: "f") }
      #expect(error?.place == (entry == 64 * 33 ? "queue_ptr" : "queue_l"))
    }
  }

  @Test("several ranks leave the files of one process", arguments: [OptimizerChoice.sgd, sam])
  func ranks(optimizer: OptimizerChoice) throws {
    let tiny = try Self.tiny(optimizer, batch: 24)
    try inDirectory { parent in
      let whole = RunDirectory(parent.appendingPathComponent("one"))
      let final = try tiny.trainer.run(in: whole)
      for ranks in [2, 4] {
        let run = RunDirectory(parent.appendingPathComponent("\(ranks)"))
        let results = try LocalCommunicator.run(ranks: ranks) { communicator in
          try tiny.trainer(ranks: RankAgreement(communicator)).run(in: run)
        }
        for result in results { #expect(result == final) }
        #expect(try contents(of: run) == contents(of: whole), "\(ranks) ranks")
      }
    }
  }

  /// Images of which one has no number in one of its views.
  private struct Source: EpochSource {
    let base: AugmentedImages<Float>
    let damaged: Int
    let inSecondView: Bool
    var classes: Int { base.classes }
    var classCounts: [Int] { base.classCounts }
    var count: Int { base.count }
    var hasSecondView: Bool { base.hasSecondView }
    func order(epoch: Int) -> [Int] { base.order(epoch: epoch) }
    func batch(_ positions: [Int], epoch: Int) throws -> LabeledBatch<Float> {
      var batch = try base.batch(positions, epoch: epoch)
      guard let index = positions.firstIndex(of: damaged) else { return batch }
      func damage(_ view: inout Tensor<Float>) {
        view.withMutablePointer { $0[index * ImageSet.imageBytes] = .nan }
      }
      guard inSecondView, var view = batch.secondView else {
        damage(&batch.images)
        return batch
      }
      damage(&view)
      batch.secondView = view
      return batch
    }
  }

  @Test("a step without a finite loss changes neither key encoder nor queue", arguments: [false, true])
  func divergence(inSecondView: Bool) throws {
    let tiny = try Self.tiny()
    let order = tiny.source.order(epoch: 0)
    var loop = try TrainingLoop(
      recipe: tiny.recipe, source: Source(base: tiny.source, damaged: order[20], inSecondView: inSecondView))
    _ = try loop.step()
    let before = loop.state
    #expect(throws: Divergence.self) { try loop.step() }
    #expect(loop.state == before)
    loop.skip()
    #expect(loop.state.contrast == before.contrast && loop.state.step == 2)
    let next = try loop.step()
    #expect(next.loss.isFinite && loop.state.contrast?.queue.position == 32)
  }

  @Test("what cannot be contrasted is refused")
  func refusals() throws {
    let changes: [(inout Recipe) throws -> Void] = [
      { $0.weighting = .deferred(start: 1) },
      { $0.optimizer = .lpfSGD(radius: 0.001, shards: 8, holding: .nominal) },
      { $0.optimizer = .imbSAM(rho: .constant(0.05), eta: 20, normalization: .groupMeans) },
      { $0.batchSize = 24 },
      { $0.architecture = try #require($0.architecture.with(.linear)) },
      { $0.loss = .crossEntropy },
      { $0.loss = .parametricContrastive(alpha: -1, temperature: 0.1, queue: 64) },
      { $0.loss = .parametricContrastive(alpha: 1, temperature: 0, queue: 64) },
      { $0.loss = .parametricContrastive(alpha: 1, temperature: 0.1, queue: 0) },
      {
        $0.batchSize = 128
        $0.loss = .parametricContrastive(alpha: 1, temperature: 0.1, queue: 128)
      },
    ]
    for (index, change) in changes.enumerated() {
      var tiny = try Self.tiny()
      try change(&tiny.recipe)
      #expect(throws: HyperparameterError.self, "change \(index)") { try tiny.loop() }
    }
    let tiny = try Self.tiny()
    for (source, state) in [
      (AugmentedImages<Float>(tiny.images, seed: 7), nil),
      (tiny.source, TrainingState<Float>(network: try tiny.loop().network, seed: 7)),
    ] {
      let error = #expect(throws: HyperparameterError.self) {
        try TrainingLoop(recipe: tiny.recipe, source: source, state: state)
      }
      #expect(error?.description.hasPrefix("loss is paco on ") == true)
    }
    // A head on the other networks is not published.
    #expect(Architecture(.resNet(depth: 34, stem: .small), classifier: .projected) == nil)
    #expect(Architecture(.resNet50, classifier: .projected) == nil)
    #expect(Architecture("resnet32-w16-projected")?.classifier == .projected)
  }
}
