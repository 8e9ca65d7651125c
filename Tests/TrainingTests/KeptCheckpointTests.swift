import EscapementArtifacts
import Foundation
import EscapementKernels
import EscapementNetworks
import Testing

@testable import EscapementTraining

@Suite("Checkpoints that stay, and what binds them to the chain")
struct KeptCheckpointTests {
  private func tiny(keeping interval: Int) -> TinyRun {
    var tiny = TinyRun(optimizer: .sam(rho: .constant(0.1), variant: .released), epochs: 5)
    tiny.options.keepEvery = interval
    return tiny
  }

  @Test("every second epoch's stays beside the newest two, also after an interruption")
  func kept() throws {
    try inDirectory { parent in
      let tiny = tiny(keeping: 2)
      let run = RunDirectory(parent.appendingPathComponent("run"))
      try tiny.trainer.run(in: run)
      // Five steps an epoch, and every third step besides: 24 and 25 are the newest.
      #expect(run.checkpointedSteps() == [10, 20, 24, 25])
      #expect(try run.readRecord().options.keepEvery == 2)
      let stopped = RunDirectory(parent.appendingPathComponent("stopped"))
      var steps = 0
      #expect(throws: Interrupted.self) {
        try tiny.trainer.run(in: stopped, isCancelled: { steps == 13 }) { if case .step = $0 { steps += 1 } }
      }
      #expect(stopped.checkpointedSteps().contains(10))
      try tiny.trainer.run(in: stopped, resume: true)
      #expect(try contents(of: stopped) == contents(of: run))
      let all = RunDirectory(parent.appendingPathComponent("all"))
      try self.tiny(keeping: 1).trainer.run(in: all)
      #expect(all.checkpointedSteps() == [5, 10, 15, 20, 24, 25])
    }
  }

  @Test("a kept checkpoint ends in the link on record, and no other tensors give it")
  func links() throws {
    try inDirectory { parent in
      let tiny = tiny(keeping: 1)
      let run = RunDirectory(parent.appendingPathComponent("run"))
      try tiny.trainer.run(in: run)
      let network = tiny.recipe.architecture.network(classes: 3)
      let recorded = try events(of: run).filter { $0["event"] == "epoch" }.map { $0["digest"]?.string }
      for (epoch, digest) in recorded.enumerated() {
        let sidecar = run.sidecar(step: 5 * (epoch + 1))
        var state = try Checkpoint<Float>(sidecar: sidecar, network: network).state
        #expect(state.digest.hex == digest && state.isLinked == true)
        let whole = state
        state.parameters.flat.withMutablePointer { $0[7] = $0[7].nextUp }
        #expect(state.isLinked == false)
        state = whole
        state.ruleState["momentum"]?.flat.withMutablePointer { $0[7] = $0[7].nextUp }
        #expect(state.isLinked == false)
        state = whole
        state.statistics.flat.withMutablePointer { $0[0] = $0[0].nextUp }
        #expect(state.isLinked == false)
        state = whole
        state.previousDigest = nil
        #expect(state.isLinked == nil)
      }
    }
  }
}

@Suite("The epoch a run selects")
struct SelectedEpochTests {
  @Test("of every n-th epoch the first with the largest mean")
  func rule() {
    func selected(_ accuracies: [Double], every: Int) -> Int? {
      var selection = EpochSelection(every: every)
      for (epoch, accuracy) in accuracies.enumerated() {
        selection.consider(epoch: epoch, accuracy: accuracy)
      }
      return selection.epoch
    }
    let accuracies: [Double] = [9, 1, 5, 8, 2, 5, 7, 7, 4]
    #expect(selected(accuracies, every: 1) == 0 && selected(accuracies, every: 2) == 3)
    // Epochs 2, 5 and 8 have 5, 5 and 4: of equal ones the first stays.
    #expect(selected(accuracies, every: 3) == 2)
    #expect(selected(accuracies, every: 10) == nil && selected(accuracies, every: 0) == nil)
    #expect(selected([.nan, 0, .nan], every: 1) == 1)
  }

  @Test("the mean is over classes, and equal sums of balanced counts are equal means")
  func means() {
    func mean(_ correct: [Int], _ samples: [Int]) -> Double {
      EpochRecord.Counts.classMean(zip(correct, samples).map { EpochRecord.Counts(($0, $1)) })
    }
    // As sums of rounded quotients 1/3 + 2/3 + 5/3 and their permutations differ in the last bit for some counts.
    for a in 0...30 {
      for b in 0...30 {
        #expect(mean([a, b, 30 - min(a, b)], [49, 49, 49]) == mean([30 - min(a, b), a, b], [49, 49, 49]))
      }
    }
    #expect(mean([3, 1], [4, 2]) == 62.5)
    #expect(mean([3, 0], [4, 0]) == 75 && mean([], []).isNaN)
  }

  @Test("its checkpoint stays until another is selected, also after an interruption")
  func kept() throws {
    try inDirectory { parent in
      var tiny = TinyRun(epochs: 8)
      (tiny.options.selectEvery, tiny.options.checkpointEvery, tiny.options.testTime) = (2, 0, .flip)
      // A seed whose selected epoch is none of the two whose checkpoints stay anyway.
      var (run, epochs, selected) = (RunDirectory(parent), [JSON](), 7)
      for seed in UInt64(7)..<17 where selected == 7 {
        tiny.recipe.seed = seed
        run = RunDirectory(parent.appendingPathComponent("run-\(seed)"))
        try tiny.trainer.run(in: run)
        epochs = try events(of: run).filter { $0["event"] == "epoch" }
        #expect(epochs.count == 8)
        // By the counts without mirrored images, class by class.
        let means = try epochs.map { epoch -> Double in
          let classes = try #require(epoch["test_plain"]?["per_class"]?.array)
          return try classes.map {
            try Double(#require($0["correct"]?.integer)) / Double(#require($0["samples"]?.integer))
          }.reduce(0, +)
        }
        selected = try #require([1, 3, 5, 7].max { (means[$0], -$0) < (means[$1], -$1) })
        #expect(run.checkpointedSteps() == Set([5 * (selected + 1), 35, 40]).sorted())
      }
      #expect(selected < 7)
      #expect(try run.readRecord().options.selectEvery == 2)
      let test = TinyRun.images(count: 30, index: 1)
      let network = tiny.recipe.architecture.network(classes: 3)
      for step in run.checkpointedSteps() {
        let state = try Checkpoint<Float>(sidecar: run.sidecar(step: step), network: network).state
        let plain = try ClassAccuracy(
          network: network, parameters: state.parameters, statistics: state.statistics,
          over: test.source(Array(0..<30)))
        #expect(
          epochs[step / 5 - 1]["test_plain"]?["per_class"]?.array?.map { $0["correct"]?.integer }
            == plain.correct)
      }
      for place in [13, 31] {
        let stopped = RunDirectory(parent.appendingPathComponent("stopped-\(place)"))
        var steps = 0
        #expect(throws: Interrupted.self) {
          try tiny.trainer.run(in: stopped, isCancelled: { steps == place }) {
            if case .step = $0 { steps += 1 }
          }
        }
        try tiny.trainer.run(in: stopped, resume: true)
        #expect(try contents(of: stopped) == contents(of: run))
      }
      // Another selection is another run.
      tiny.options.selectEvery = 1
      let error = #expect(throws: DataError.self) { try tiny.trainer.run(in: run, resume: true) }
      #expect(error?.place == "select_every")
    }
  }
}
