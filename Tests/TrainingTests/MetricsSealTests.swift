import EscapementArtifacts
import Foundation
import Testing
import EscapementTraining

@Suite("The seal of a finished run's metrics")
struct MetricsSealTests {
  private struct Stopped: Error {}

  private func run(_ tiny: TinyRun = TinyRun(), in parent: URL, as name: String) throws -> RunDirectory {
    let run = RunDirectory(parent.appendingPathComponent(name))
    try tiny.trainer.run(in: run)
    return run
  }

  @Test("the last line of a finished run, once, and of no other")
  func lastLine() throws {
    try inDirectory { parent in
      let whole = try run(in: parent, as: "whole")
      let lines = try events(of: whole)
      #expect(lines.last?["event"] == "seal" && lines.count { $0["event"] == "seal" } == 1)
      let metrics = try whole.readMetrics()
      #expect(try metrics.isSealed && whole.readRecord().sealsMetrics)
      // The last checkpoint covers it, so that a resume neither loses nor repeats it.
      let sidecar = try JSON(parsing: FileContents.read(whole.sidecar(step: 15)), file: "sidecar")
      #expect(sidecar["metrics_bytes"]?.integer == metrics.bytes.count)
      try TinyRun().trainer.run(in: whole, resume: true)
      #expect(try whole.readMetrics().bytes == metrics.bytes)

      let stopped = RunDirectory(parent.appendingPathComponent("stopped"))
      #expect(throws: Interrupted.self) { try TinyRun().trainer.run(in: stopped, isCancelled: { true }) }
      #expect(try !stopped.readMetrics().isSealed)
    }
  }

  @Test("a run stopped between its last epoch and the seal is sealed by a resume")
  func stoppedBefore() throws {
    try inDirectory { parent in
      let stops = EpochMeasurement<Float>(record: "none") { epoch, epochs, _, _, _ in
        if epoch + 1 == epochs { throw Stopped() }
        return nil
      }
      let goesOn = EpochMeasurement<Float>(record: "none") { epoch, epochs, _, _, _ in
        epoch + 1 == epochs ? ["event": "none"] : nil
      }
      let stopped = RunDirectory(parent.appendingPathComponent("stopped"))
      #expect(throws: Stopped.self) { try TinyRun().trainer(measurement: stops).run(in: stopped) }
      #expect(try events(of: stopped).last?["event"] == "epoch")
      #expect(try !stopped.readMetrics().isSealed)
      try TinyRun().trainer(measurement: goesOn).run(in: stopped, resume: true)
      #expect(try stopped.readMetrics().isSealed)
      let whole = RunDirectory(parent.appendingPathComponent("whole"))
      try TinyRun().trainer(measurement: goesOn).run(in: whole)
      #expect(try contents(of: stopped) == contents(of: whole))
    }
  }

  @Test("an edited number, another run's metrics and lines behind it are refused, each by its cause")
  func refusals() throws {
    try inDirectory { parent in
      let one = try run(in: parent, as: "one")
      var other = TinyRun()
      other.recipe.seed = 8
      let two = try run(other, in: parent, as: "two")
      let whole = try FileContents.read(one.metrics)
      func refusal() throws -> DataError {
        let error = try #require(throws: DataError.self) { try one.readMetrics() }
        #expect(error.file == one.metrics.path && error.exitCode == 65 && error.advice != nil)
        #expect(!error.description.contains("\n"))
        return error
      }
      // A digit of an accuracy; and a byte more.
      let digit = try #require(whole.range(of: Data("\"correct\":".utf8))).upperBound
      var edited = whole
      edited[digit] ^= 1
      try edited.write(to: one.metrics)
      #expect(try refusal().expected.contains("that it was written over"))
      try (Data("\n".utf8) + whole).write(to: one.metrics)
      #expect(try refusal().expected.contains("that it was written over"))
      try FileContents.read(two.metrics).write(to: one.metrics)
      #expect(try refusal().found.contains("metrics of a run whose run.json has"))
      try (whole + Data("{\"event\":\"epoch\"}\n".utf8)).write(to: one.metrics)
      #expect(try refusal().found == "lines after it")
      // The last checkpoint covers the seal, so that a part of it is not what an interruption leaves.
      try whole.dropLast(5).write(to: one.metrics)
      #expect(try refusal().expected.contains("as the checkpoint after step 15 says"))
      try whole.write(to: one.metrics)
      #expect(try one.readMetrics().isSealed)
      // Before that checkpoint it may be.
      try FileManager.default.removeItem(at: one.sidecar(step: 15))
      try whole.dropLast(5).write(to: one.metrics)
      #expect(try !one.readMetrics().isSealed)
    }
  }
}
