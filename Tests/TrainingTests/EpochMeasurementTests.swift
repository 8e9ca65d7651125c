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
    return EpochMeasurement(record: "norm") { epoch, epochs, _, state, _ in
      guard epoch == 0 || !epoch.isMultiple(of: 2) || epoch + 1 == epochs else { return nil }
      if stops.contains(taken.next()) { throw Stopped() }
      return ["event": "norm", "norm": .number(state.parameters.flat.norm())]
    }
  }

  private final class Counter: Sendable {
    private let value = Atomic<Int>(0)
    func next() -> Int { value.wrappingAdd(1, ordering: .relaxed).newValue }
    var count: Int { value.load(ordering: .relaxed) }
  }

  /// Three parts after each epoch; those numbered in `stops` throw.
  private func parts(_ made: Counter, stops: Set<Int> = []) -> EpochMeasurement<Float> {
    EpochMeasurement(record: "parts") { _, _, _, state, parts in
      let norms = try ["first", "second", "third"].map { name in
        if let kept = parts[name] { return kept }
        if stops.contains(made.next()) { throw Stopped() }
        let norm = JSON.number(state.parameters.flat.norm())
        try parts.keep(norm, as: name)
        return norm
      }
      return ["event": "parts", "norms": .array(norms)]
    }
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

  @Test(arguments: 1...6)
  func finishedPartsAreNotMadeAgain(_ stop: Int) throws {
    try inDirectory { parent in
      let tiny = TinyRun(epochs: 2)
      let (whole, run) = (
        RunDirectory(parent.appendingPathComponent("whole")),
        RunDirectory(parent.appendingPathComponent("run"))
      )
      let (once, again) = (Counter(), Counter())
      try tiny.trainer(measurement: parts(once)).run(in: whole)
      #expect(once.count == 6)
      #expect(throws: Stopped.self) {
        try tiny.trainer(measurement: parts(again, stops: [stop])).run(in: run)
      }
      try tiny.trainer(measurement: parts(again)).run(in: run, resume: true)
      // The one that stopped was begun twice.
      #expect(again.count == 7)
      #expect(try contents(of: run) == contents(of: whole))
    }
  }

  @Test func damagedPartsAndThoseOfAnotherStateAreMadeAgain() throws {
    try inDirectory { parent in
      let tiny = TinyRun(epochs: 2)
      let whole = RunDirectory(parent.appendingPathComponent("whole"))
      try tiny.trainer(measurement: parts(Counter())).run(in: whole)
      func stopped(_ name: String, at stop: Int) throws -> (run: RunDirectory, file: URL) {
        let run = RunDirectory(parent.appendingPathComponent(name))
        #expect(throws: Stopped.self) {
          try tiny.trainer(measurement: parts(Counter(), stops: [stop])).run(in: run)
        }
        return (run, run.url.appendingPathComponent("measurement.json"))
      }
      func expectMadeAgain(_ run: RunDirectory, _ count: Int) throws {
        let made = Counter()
        try tiny.trainer(measurement: parts(made)).run(in: run, resume: true)
        #expect(made.count == count)
        #expect(try contents(of: run) == contents(of: whole))
      }
      let first = try stopped("first", at: 3)
      let text = String(decoding: try FileContents.read(first.file), as: UTF8.self)
      #expect(text.contains("second") && !text.contains("third"))
      let second = try stopped("second", at: 5)
      try Data(text.utf8).write(to: second.file)
      try expectMadeAgain(second.run, 3)
      // A digit of a number, which is well-formed still.
      let digit = try #require(text.range(of: "[0-9](?=,\n)", options: .regularExpression))
      try Data(text.replacingCharacters(in: digit, with: text[digit] == "1" ? "2" : "1").utf8).write(
        to: first.file)
      try expectMadeAgain(first.run, 6)
    }
  }
}
