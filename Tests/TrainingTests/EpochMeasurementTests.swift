import EscapementArtifacts
import Foundation
import Synchronization
import Testing
import EscapementTraining

/// What is measured between epochs, and what an interruption of it costs.
@Suite struct EpochMeasurementTests {
  private struct Stopped: Error {}

  /// The norm of the parameters after the first epoch, every second one and the last; the measurements numbered in `stops` throw.
  private func norm(stops: Set<Int> = []) -> EpochMeasurement<Float> {
    let taken = Counter()
    return EpochMeasurement(record: "norm") { epoch, epochs, _, state in
      guard epoch == 0 || !epoch.isMultiple(of: 2) || epoch + 1 == epochs else { return nil }
      if stops.contains(taken.next()) { throw Stopped() }
      return ["event": "norm", "norm": .number(state.parameters.flat.norm())]
    }
  }

  private final class Counter: Sendable {
    private let value = Atomic<Int>(0)
    func next() -> Int { value.wrappingAdd(1, ordering: .relaxed).newValue }
  }

  @Test func measurementsChangeNoBitAndStandAfterTheirEpochs() throws {
    try inDirectory { parent in
      let tiny = TinyRun(epochs: 5)
      let plain = try tiny.trainer.run(in: RunDirectory(parent.appendingPathComponent("plain")))
      let run = RunDirectory(parent.appendingPathComponent("measured"))
      #expect(try tiny.trainer(measurement: norm()).run(in: run) == plain)
      let lines = try events(of: run).filter { $0["event"] != "step" && $0["event"] != "seal" }
      #expect(
        lines.map { $0["event"]?.string } == [
          "epoch", "norm", "epoch", "norm", "epoch", "epoch", "norm", "epoch", "norm",
        ])
      #expect(lines.filter { $0["event"] == "norm" }.map { $0["epoch"]?.integer } == [0, 1, 3, 4])
      #expect(lines.last?["norm"]?.double == plain.parameters.flat.norm())
    }
  }

  @Test(arguments: 1...4)
  func aStoppedMeasurementCostsNoStepAndIsTakenUpAgain(_ stop: Int) throws {
    try inDirectory { parent in
      let tiny = TinyRun(epochs: 5)
      let whole = RunDirectory(parent.appendingPathComponent("whole"))
      let final = try tiny.trainer(measurement: norm()).run(in: whole)
      let run = RunDirectory(parent.appendingPathComponent("stopped"))
      var steps = 0
      #expect(throws: Stopped.self) {
        try tiny.trainer(measurement: norm(stops: [stop])).run(
          in: run, observer: { if case .step = $0 { steps += 1 } })
      }
      let resumed = try tiny.trainer(measurement: norm()).run(
        in: run, resume: true, observer: { if case .step = $0 { steps += 1 } })
      #expect(resumed == final)
      #expect(steps == 5 * 5, "every step is taken once")
      let (ours, theirs) = (try contents(of: run), try contents(of: whole))
      #expect(ours.keys.sorted() == theirs.keys.sorted())
      for (name, data) in theirs { #expect(ours[name] == data, "\(name)") }
      // Once more: nothing is left to do, and nothing is measured twice.
      #expect(try tiny.trainer(measurement: norm(stops: [1])).run(in: run, resume: true) == final)
    }
  }
}
