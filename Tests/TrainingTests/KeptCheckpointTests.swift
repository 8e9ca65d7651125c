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
