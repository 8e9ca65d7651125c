import EscapementArtifacts
import EscapementKernels
import Foundation
import Testing

@testable import EscapementTraining

@Suite("The end of a run and its checkpoint")
struct FinalCheckpointTests {
  private let tiny = TinyRun(epochs: 2)

  @Test("an epoch is reported when its checkpoint is on disk")
  func checkpointFirst() throws {
    try inDirectory { parent in
      let run = RunDirectory(parent.appendingPathComponent("run"))
      var reported: [Int] = []
      try tiny.trainer.run(
        in: run,
        observer: { event in
          guard case .epoch(let record) = event else { return }
          reported.append(record.step)
          #expect(run.checkpointedSteps().last == record.step)
          let covered = try? CheckpointFiles.fields(sidecar: run.sidecar(step: record.step))
            .field("metrics_bytes").integer()
          #expect(covered == (try? FileContents.read(run.metrics).count))
        })
      #expect(reported == [5, 10])
    }
  }

  @Test(
    "a checkpoint that cannot be written leaves a run that is not sealed and ends with the same bits later")
  func lostCheckpoint() throws {
    try inDirectory { parent in
      let whole = RunDirectory(parent.appendingPathComponent("whole"))
      try tiny.trainer.run(in: whole)
      let run = RunDirectory(parent.appendingPathComponent("run"))
      var (steps, epochs) = (0, 0)
      // A directory where the last checkpoint's tensors are to be.
      let blocked = run.sidecar(step: 10).deletingPathExtension().appendingPathExtension("safetensors")
      #expect(throws: FileError.self) {
        try tiny.trainer.run(
          in: run,
          observer: { event in
            if case .epoch = event { epochs += 1 }
            guard case .step = event else { return }
            steps += 1
            guard steps == 10 else { return }
            try? FileManager.default.createDirectory(at: blocked, withIntermediateDirectories: false)
          })
      }
      #expect(try epochs == 1 && !run.readMetrics().isSealed)
      let lines = try events(of: run)
      #expect(lines.count { $0["event"] == "epoch" } == 2, "\(lines)")
      try FileManager.default.removeItem(at: blocked)
      try tiny.trainer.run(in: run, resume: true)
      #expect(try contents(of: run) == contents(of: whole))
    }
  }

  @Test(
    "metrics without a seal are compared with what the newest checkpoint covers, whatever their line ends")
  func coveredMetrics() throws {
    try inDirectory { parent in
      let run = RunDirectory(parent.appendingPathComponent("run"))
      var steps = 0
      #expect(throws: Interrupted.self) {
        try tiny.trainer.run(in: run, isCancelled: { steps == 7 }) { if case .step = $0 { steps += 1 } }
      }
      let bytes = try FileContents.read(run.metrics)
      func found(_ changed: Data) throws -> String? {
        try AtomicFile.write(changed, to: run.metrics)
        do { _ = try run.readMetrics() } catch let error as DataError { return error.found }
        return nil
      }
      let text = String(decoding: bytes, as: UTF8.self)
      #expect(try found(Data(text.replacing("\n", with: "\r\n").utf8)) == nil)
      #expect(try found(bytes + Data("{\"event\":\"epo".utf8)) == nil)
      #expect(try found(bytes.dropLast(9))?.contains("\(bytes.count - 9) bytes") == true)
      let digit = try #require(text.range(of: "\"samples\":"))
      let edited = text.replacingCharacters(
        in: digit.upperBound..<text.index(after: digit.upperBound), with: "8")
      #expect(edited != text)
      #expect(try found(Data(edited.utf8))?.contains("SHA-256") == true)
    }
  }

  @Test("a file that replaces the metrics during the run ends it, and the run goes on to the same bits")
  func replacedMetrics() throws {
    try inDirectory { parent in
      let whole = RunDirectory(parent.appendingPathComponent("whole"))
      try tiny.trainer.run(in: whole)
      let run = RunDirectory(parent.appendingPathComponent("run"))
      let end = #expect(throws: DataError.self) {
        try tiny.trainer.run(
          in: run,
          observer: { event in
            // As an editor saves it.
            guard case .epoch = event else { return }
            try? AtomicFile.write(try FileContents.read(run.metrics), to: run.metrics)
          })
      }
      #expect(end?.file == run.metrics.path && end?.found == "another file of that name")
      try tiny.trainer.run(in: run, resume: true)
      #expect(try contents(of: run) == contents(of: whole))
    }
  }

  @Test("weights that no network computes with are told of a file's tensors too")
  func unusableTensors() throws {
    try inDirectory { parent in
      let run = RunDirectory(parent.appendingPathComponent("run"))
      let state = try tiny.trainer.run(in: run)
      let weights = StateDictionary(parameters: state.parameters, statistics: state.statistics).tensors
      try weights.checkUsable(file: "w")
      for (name, value, found) in [
        ("conv1.weight", Float.nan, "not finite"), ("bn1.running_var", -1, "negative variance"),
      ] {
        var broken = weights
        let entry = try #require(weights.tensors[name])
        var data = entry.data
        withUnsafeBytes(of: value) { data.replaceSubrange(data.startIndex..<(data.startIndex + 4), with: $0) }
        broken.tensors[name] = Safetensors.Entry(dtype: .f32, shape: entry.shape, data: data)
        let error = #expect(throws: UnusableWeights.self) { try broken.checkUsable(file: "w") }
        #expect(error?.tensor == name && error?.found.contains(found) == true && error?.exitCode == 70)
      }
    }
  }
}
