import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import Testing
import EscapementTraining

@Suite struct NetworkOracleTests {
  let tiny = TinyRun()
  let batch: LabeledBatch<Float>
  init() throws { batch = try tiny.source.batch(Array(0..<16), epoch: 0) }

  @Test func observingFoldsAndFreezingDoesNot() throws {
    let network = tiny.recipe.architecture.network(classes: 3)
    let objective = Objective<Float>(network: network)
    let w: ParameterVector<Float> = network.initialParameters(seed: 1)
    let other: ParameterVector<Float> = network.initialParameters(seed: 2)
    let start: ParameterVector<Float> = network.initialStatistics()
    var oracle = NetworkOracle(objective: objective, batch: batch, statistics: start)

    let frozen = try oracle.evaluate(at: w, on: .all, statistics: .freeze)
    #expect(oracle.statistics == start)
    let observed = try oracle.evaluate(at: w, on: .all, statistics: .observe)
    let (direct, first) = objective.trainingStep(at: w, batch: batch)
    #expect(frozen.gradient == direct.gradient && observed.gradient == direct.gradient)
    #expect(oracle.statistics == first.folded(into: start))
    #expect(oracle.statistics != start)
    _ = try oracle.evaluate(at: other, on: .all, statistics: .freeze)
    #expect(oracle.statistics == first.folded(into: start))
    _ = try oracle.evaluate(at: other, on: .all, statistics: .observe)
    let second = objective.trainingStep(at: other, batch: batch).observed
    #expect(oracle.statistics == second.folded(into: first.folded(into: start)))
    #expect(oracle.evaluations == 4)
  }

  /// One step of a run and the points it asked at, worked out from the objective alone.
  @Test func runsKeepTheStatisticsOfTheirVariant() throws {
    let network = tiny.recipe.architecture.network(classes: 3)
    let objective = Objective<Float>(
      network: network, loss: SoftmaxCrossEntropy(classWeights: [1, 1, 1]))
    let w: ParameterVector<Float> = network.initialParameters(seed: tiny.recipe.seed)
    let start: ParameterVector<Float> = network.initialStatistics()
    let order = tiny.source.order(epoch: 0)
    let batch = try tiny.source.batch(Array(order[..<16]), epoch: 0)
    let (clean, atW) = objective.trainingStep(at: w, batch: batch)
    let perturbed = ParameterVector(
      layout: w.layout,
      flat: w.flat.addingScaled(0.5 / (clean.gradient.flat.norm() + 1e-12), clean.gradient.flat))
    let atPerturbed = objective.trainingStep(at: perturbed, batch: batch).observed

    let once = atW.folded(into: start)
    let cases: [(OptimizerChoice, ParameterVector<Float>)] = [
      (.sgd, once),
      (.sam(rho: .constant(0.5), variant: .recommended), once),
      (.sam(rho: .constant(0.5), variant: .released), atPerturbed.folded(into: once)),
    ]
    #expect(cases[2].1 != once)
    for (optimizer, expected) in cases {
      var loop = try TinyRun(optimizer: optimizer).loop()
      let record = try loop.step()
      #expect(loop.state.statistics == expected, "\(optimizer)")
      #expect(record.loss == clean.loss && record.correct == clean.correct && record.samples == 16)
    }
  }

  @Test func zeroRadiusIsSGDOnANetworkToo() throws {
    var sgd = try TinyRun(epochs: 1).loop()
    var frozen = try TinyRun(optimizer: .sam(rho: .constant(0), variant: .recommended), epochs: 1).loop()
    var observed = try TinyRun(optimizer: .sam(rho: .constant(0), variant: .released), epochs: 1).loop()
    for _ in 0..<5 {
      _ = try sgd.step()
      _ = try frozen.step()
      _ = try observed.step()
    }
    #expect(frozen.snapshot.parameters == sgd.snapshot.parameters)
    #expect(frozen.snapshot.statistics == sgd.snapshot.statistics)
    #expect(frozen.snapshot.ruleState == sgd.snapshot.ruleState)
    #expect(frozen.state.digest == sgd.state.digest)
    // Batch statistics drive training, so observing twice moves the running ones only.
    #expect(observed.snapshot.parameters == sgd.snapshot.parameters)
    #expect(observed.snapshot.statistics != sgd.snapshot.statistics)
  }

  @Test func aDivergedStepLeavesTheRunAsItWas() throws {
    var tiny = TinyRun(epochs: 1)
    tiny.recipe.schedule = LearningRateSchedule(base: 3e38, warmupEpochs: 0, milestones: [])
    var loop = try tiny.loop()
    var before = loop.snapshot
    #expect(throws: Divergence.self) {
      for _ in 0..<5 {
        before = loop.snapshot
        _ = try loop.step()
      }
    }
    // Bits of a NaN parameter compare equal to themselves.
    #expect(loop.snapshot == before)
  }

  @Test func weightsAndRateFollowTheEpoch() throws {
    var loop = try tiny.loop()
    let balancing = ClassWeights.effectiveNumber(counts: [36, 24, 12])
    let weights = [[1, 1, 1], balancing, balancing]
    let rates = [0.05, 0.05, 0.05 * 0.1]
    while !loop.isFinished {
      let epoch = loop.state.epoch
      let objective = Objective<Float>(
        network: loop.network, loss: SoftmaxCrossEntropy(classWeights: weights[epoch]))
      let order = tiny.source.order(epoch: epoch)
      while !loop.isEpochComplete {
        let first = 16 * loop.state.stepInEpoch
        let batch = try tiny.source.batch(Array(order[first..<min(first + 16, 72)]), epoch: epoch)
        let expected = objective.trainingStep(at: loop.state.parameters, batch: batch).evaluation
        let record = try loop.step()
        #expect(record.loss == expected.loss && record.learningRate == rates[epoch])
      }
      _ = loop.endEpoch()
    }
    #expect(loop.state.epoch == 3 && loop.state.step == 15)
  }
}
