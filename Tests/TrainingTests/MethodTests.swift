import EscapementTestSupport
import EscapementOptimizers
import EscapementArtifacts
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import Testing
import EscapementTraining

/// What a recipe says reaches the run: every loss, weighting and rule by name, on the tiny run.
@Suite struct MethodTests {
  static func recipe(_ change: (inout Recipe) throws -> Void) throws -> TinyRun {
    var tiny = TinyRun()
    try change(&tiny.recipe)
    return tiny
  }

  /// A rule by name, with the smallest class as tail.
  static func rule(_ name: String) throws -> TinyRun {
    try recipe { recipe in
      let choice = try #require(OptimizerChoice.byName.first { $0.name == name }).optimizer
      recipe.optimizer = choice.with(eta: 20) ?? choice
    }
  }

  static func loss(_ name: String) throws -> TinyRun {
    try recipe { recipe in
      recipe.loss = try #require(LossChoice.byName.first { $0.name == name }).loss
      if case .influenceBalanced = recipe.loss { recipe.loss = .influenceBalanced(alpha: 1000, start: 1) }
      if case .parametricContrastive = recipe.loss { recipe.weighting = nil }
      recipe.architecture = try #require(recipe.architecture.with(recipe.loss.classifier))
    }
  }

  static func states(_ tiny: TinyRun, stoppedAfter stop: Int?) throws -> TrainingState<Float> {
    var loop = try tiny.loop()
    var steps = 0
    while !loop.isFinished {
      if loop.isEpochComplete {
        _ = loop.endEpoch()
        continue
      }
      if steps == stop {
        loop = try TrainingLoop(recipe: tiny.recipe, source: tiny.source, state: loop.snapshot)
      }
      _ = try loop.step()
      steps += 1
    }
    return loop.snapshot
  }

  @Test func everyMethodIsItsOwnAndResumesToTheSameBits() throws {
    var runs: [(String, TinyRun)] = []
    for name in OptimizerChoice.byName.map(\.name) { runs.append((name, try Self.rule(name))) }
    for name in LossChoice.byName.map(\.name) where name != "ce" { runs.append((name, try Self.loss(name))) }
    runs.append(("plain", try Self.recipe { $0.weighting = nil }))
    runs.append(("rs", try Self.recipe { ($0.weighting, $0.sampling) = (nil, .resampled) }))
    runs.append(("printed", try Self.recipe { $0.weighting = .asPrinted(start: 1) }))
    runs.append(("rw", try Self.recipe { $0.weighting = .deferred(start: 0) }))
    var digests: [Digest: String] = [:]
    for (name, tiny) in runs {
      let whole = try Self.states(tiny, stoppedAfter: nil)
      #expect(whole == (try Self.states(tiny, stoppedAfter: 7)), "\(name)")
      #expect(digests[whole.digest] == nil, "\(name) is \(digests[whole.digest] ?? "")")
      digests[whole.digest] = name
    }
  }

  @Test func theTailAndItsWeightReachTheOracle() throws {
    let tiny = try Self.rule("imbsam-means")
    var loop = try tiny.loop()
    let order = tiny.source.order(epoch: 0)
    let batch = try tiny.source.batch(Array(order[0..<16]), epoch: 0)
    var oracle = NetworkOracle(
      objective: Objective<Float>(network: loop.network), batch: batch, statistics: loop.state.statistics,
      tail: [2], normalization: .groupMeans)
    var rule = try ImbSAM(base: SGD<Float>(), rho: 0.05)
    var parameters = loop.state.parameters
    let expected = try rule.step(&parameters, oracle: &oracle, context: context(0, rate: 0.05))
    let record = try loop.step()
    #expect(record == expected && loop.state.parameters == parameters)
    #expect(loop.state.statistics == oracle.statistics)
  }

  /// The released code cuts a batch of 16 into shards of 2 whatever is left of it: the last batch of 8 gives four.
  @Test func shardsKeepTheirNominalSize() throws {
    var tiny = try Self.rule("lpf-sgd")
    tiny.recipe.optimizer = .lpfSGD(radius: 0, shards: 8, holding: .nominal)
    var loop = try tiny.loop()
    for _ in 0..<4 { _ = try loop.step() }
    let batch = try tiny.source.batch(Array(tiny.source.order(epoch: 0)[64..<72]), epoch: 0)
    let objective = Objective<Float>(network: loop.network)
    let losses = (0..<4).map { shard in
      objective.trainingStep(at: loop.state.parameters, batch: batch.batch((2 * shard)..<(2 * shard + 2)))
        .evaluation
        .loss
    }
    let record = try loop.step()
    #expect(record.samples == 8 && record.loss == losses.reduce(0, +) / 8)
  }

  @Test func aResampledEpochDrawsRareClassesMoreOften() throws {
    let tiny = try Self.recipe { $0.sampling = .resampled }
    let source = AugmentedImages<Float>(tiny.images, seed: 7, sampling: .resampled)
    var seen = [0, 0, 0]
    for epoch in 0..<20 {
      for label in try source.batch(source.order(epoch: epoch), epoch: epoch).labels { seen[label] += 1 }
    }
    // 1,440 draws; with base 0.9999 and so few images the effective numbers are the counts: 480 a class, six
    // standard deviations of 18.
    for count in seen { #expect(abs(count - 480) <= 108) }
    // A sample drawn twice is cropped twice: images of one draw index and epoch are equal, others are not.
    let (a, b) = (try source.batch([3, 5], epoch: 0), try source.batch([5, 3], epoch: 0))
    #expect(a.images.view(at: 0, shape: [3072]) == b.images.view(at: 3072, shape: [3072]))
  }

  @Test func whatTheLoopCannotTrainIsRefused() throws {
    var labels = TinyRun.images(count: 6, index: 0).labels
    labels[5] = 0
    let gap = ImageSet(
      images: TinyRun.images(count: 6, index: 0).images, labels: labels, classes: 3,
      provenance: TinyRun().images.provenance)
    let error = try #require(throws: HyperparameterError.self) {
      try TrainingLoop(recipe: TinyRun().recipe, source: AugmentedImages<Float>(gap, seed: 0))
    }
    #expect(error.description == "class 2 is without samples, expected at least one of every class")
  }
}
