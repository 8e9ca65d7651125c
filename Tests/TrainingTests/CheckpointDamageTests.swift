import EscapementArtifacts
import Foundation
import EscapementKernels
import EscapementRandomness
import Testing
import EscapementTraining

@Suite("A damaged run directory: always noticed, and the checkpoint before goes on")
struct CheckpointDamageTests {
  /// A finished run of three epochs, whose last checkpoints are those of steps 12 and 15.
  private func withRun(_ body: (TinyRun, RunDirectory, TrainingState<Float>) throws -> Void) throws {
    try inDirectory { parent in
      let tiny = TinyRun()
      let run = RunDirectory(parent.appendingPathComponent("run"))
      try body(tiny, run, try tiny.trainer.run(in: run))
    }
  }

  private func resume(_ tiny: TinyRun, _ run: RunDirectory) throws -> (
    TrainingState<Float>, notices: [String]
  ) {
    var notices: [String] = []
    let state = try tiny.trainer.run(
      in: run, resume: true,
      observer: {
        if case .notice(let line) = $0 { notices.append(line) }
      })
    return (state, notices)
  }

  private func files(_ run: RunDirectory) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: run.url.path).sorted()
  }

  @Test("no flipped bit of any file passes for what was written")
  func flippedBits() throws {
    try withRun { _, run, _ in
      let sidecar = run.sidecar(step: 15)
      let tensors = sidecar.deletingPathExtension().appendingPathExtension("safetensors")
      let position = try LineLog(
        resuming: run.metrics,
        at: .init(
          length: FileContents.read(run.metrics).count, digest: nil)
      ).position
      func isNoticed(_ url: URL) throws -> Bool {
        switch url {
        case run.record: return (try? run.readRecord()) == nil
        case run.metrics: return (try? LineLog(resuming: url, at: position)) == nil
        default: return try CheckpointFiles.damage(sidecar: sidecar) != nil
        }
      }
      var stream = RandomStream(seed: 20, purpose: .fixture, index: 3)
      for (url, flips) in [(sidecar, 500), (tensors, 300), (run.record, 300), (run.metrics, 100)] {
        let whole = try FileContents.read(url)
        #expect(try !isNoticed(url), "\(url.lastPathComponent) as it was written")
        for _ in 0..<flips {
          let bit = Int(stream.nextWord()) % (8 * whole.count)
          var damaged = whole
          damaged[bit / 8] ^= 1 << (bit % 8)
          try damaged.write(to: url)
          #expect(try isNoticed(url), "bit \(bit) of \(url.lastPathComponent)")
        }
        try whole.write(to: url)
      }
    }
  }

  @Test("a damaged newest checkpoint is set aside, and the one before leads to the same files")
  func fallback() throws {
    try withRun { tiny, run, final in
      let whole = try contents(of: run)
      let sidecar = run.sidecar(step: 15)
      let tensors = sidecar.deletingPathExtension().appendingPathExtension("safetensors")
      let (text, bytes) = (try FileContents.read(sidecar), try FileContents.read(tensors))
      // The digits of the step, which no other file repeats; and files cut off in each of their parts.
      let digits = try #require(text.range(of: Data("\"step\": 15".utf8)))
      var otherStep = text
      otherStep[digits.upperBound - 1] ^= 1
      let header = 8 + Int(bytes[0]) + 256 * Int(bytes[1])
      var damages: [(URL, Data?)] = [(sidecar, otherStep), (tensors, nil)]
      damages += [0, 1, text.count / 2, text.count - 1].map { (sidecar, text.prefix($0)) }
      damages += [0, 7, 8, header, bytes.count - 1].map { (tensors, bytes.prefix($0)) }
      for (count, (url, data)) in damages.enumerated() {
        if let data { try data.write(to: url) } else { try FileManager.default.removeItem(at: url) }
        let (state, notices) = try resume(tiny, run)
        let damage = "\(url.lastPathComponent) of \(data?.count ?? -1) bytes"
        #expect(state == final, "\(damage)")
        #expect(notices.count == 1 && notices[0].contains(url.path), "\(damage): \(notices)")
        #expect(notices[0].contains("going on after step 12"), "\(damage): \(notices)")
        let after = try contents(of: run)
        for (name, data) in whole { #expect(after[name] == data, "\(name) after \(damage)") }
        #expect(
          after.keys.filter { $0.contains(".damaged") }.count >= count, "nothing damaged is thrown away")
      }
      // Both damaged: one clear error, and every file stays.
      for step in [12, 15] { try Data("{".utf8).write(to: run.sidecar(step: step)) }
      let before = try files(run)
      let refusal = try #require(throws: DataError.self) { try resume(tiny, run) }
      #expect(refusal.description.contains("no checkpoint before it is whole"))
      #expect(try files(run) == before)
    }
  }

  @Test("what was set aside outlives the checkpoints beside it")
  func setAsideStays() throws {
    try inDirectory { parent in
      let tiny = TinyRun()
      let run = RunDirectory(parent.appendingPathComponent("run"))
      var asked = 0
      #expect(throws: Interrupted.self) {
        try tiny.trainer.run(
          in: run,
          isCancelled: {
            asked += 1
            return asked == 7
          })
      }
      let newest = try #require(try files(run).last { $0.hasSuffix(".json") && $0.contains("step-") })
      let damaged = Data("{".utf8)
      try damaged.write(to: run.url.appendingPathComponent(newest))
      let (_, notices) = try resume(tiny, run)
      #expect(notices.count == 1)
      // The checkpoints of steps 9, 12 and 15 came after it and pushed out that of its step.
      #expect(try !files(run).contains(newest))
      #expect(try FileContents.read(run.url.appendingPathComponent(newest + ".damaged")) == damaged)
    }
  }

  @Test("a changed digit in the metrics is repaired from the checkpoint before it, or named")
  func damagedMetrics() throws {
    try withRun { tiny, run, final in
      let (text, whole) = (try FileContents.read(run.metrics), try contents(of: run))
      // In the last line, which the checkpoint of step 12 does not cover.
      var late = text
      late[text.count - 10] ^= 1
      try late.write(to: run.metrics)
      let (state, notices) = try resume(tiny, run)
      #expect(state == final && notices.count == 1 && notices[0].contains(run.metrics.path))
      #expect(try FileContents.read(URL(fileURLWithPath: run.metrics.path + ".damaged")) == late)
      let after = try contents(of: run)
      for (name, data) in whole { #expect(after[name] == data, "\(name)") }

      // In the first line, which both cover.
      let mended = try FileContents.read(run.metrics)
      var early = mended
      early[20] ^= 1
      try early.write(to: run.metrics)
      let before = try files(run)
      let refusal = try #require(throws: DataError.self) { try resume(tiny, run) }
      #expect(
        refusal.file == run.metrics.path && refusal.description.contains("restore the file from a copy"))
      #expect(try files(run) == before && FileContents.read(run.metrics) == early)
      try mended.write(to: run.metrics)
      #expect(try resume(tiny, run).0 == final)
    }
  }

  @Test("a damaged record is named, and nothing is done")
  func damagedRecord() throws {
    try withRun { tiny, run, _ in
      let text = try FileContents.read(run.record)
      let place = try #require(text.range(of: Data("\"batch_size\": 16".utf8)))
      var other = text
      other[place.upperBound - 1] ^= 1
      try other.write(to: run.record)
      let before = try files(run)
      let refusal = try #require(throws: DataError.self) { try resume(tiny, run) }
      #expect(refusal.file == run.record.path)
      #expect(throws: DataError.self) { try run.recipe() }
      #expect(try files(run) == before)
    }
  }

  @Test("a checkpoint of the older layout is resumed and said to be; a later layout is refused and stays")
  func otherSchemas() throws {
    try withRun { tiny, run, final in
      let sidecar = run.sidecar(step: 15)
      let tensors = sidecar.deletingPathExtension().appendingPathExtension("safetensors")
      for url in [sidecar, tensors] { try FileManager.default.removeItem(at: url) }
      let older = run.sidecar(step: 12)
      let written = try FileContents.read(older)
      var members = try #require(JSON(parsing: written, file: "sidecar").object)
      for key in [SealedJSON.key, "metrics_sha256", "skipped_in_a_row"] { members[key] = nil }
      members["schema"] = 1
      try AtomicFile.write(.object(members), to: older)
      let (state, notices) = try resume(tiny, run)
      #expect(state == final && notices.count == 1 && notices[0].contains("is of schema 1"))

      members["schema"] = 3
      for url in [sidecar, tensors] { try FileManager.default.removeItem(at: url) }
      try AtomicFile.write(SealedJSON.sealed(.object(members)), to: older)
      let before = try files(run)
      let refusal = try #require(throws: CheckpointSchemaError.self) { try resume(tiny, run) }
      #expect(refusal.found == 3 && refusal.exitCode == 65)
      #expect(try files(run) == before)
    }
  }

  @Test("a whole checkpoint of another recipe is refused and stays")
  func otherRecipe() throws {
    try withRun { tiny, run, _ in
      var other = tiny
      other.recipe.seed = 8
      let foreign = RunDirectory(run.url.deletingLastPathComponent().appendingPathComponent("foreign"))
      try other.trainer.run(in: foreign)
      for ending in ["json", "safetensors"] {
        let name = run.sidecar(step: 15).deletingPathExtension().appendingPathExtension(ending)
          .lastPathComponent
        try FileContents.read(foreign.checkpoints.appendingPathComponent(name))
          .write(to: run.checkpoints.appendingPathComponent(name))
      }
      let before = try files(run)
      let refusal = try #require(throws: DataError.self) { try resume(tiny, run) }
      #expect(refusal.place == "recipe" && refusal.file == run.sidecar(step: 15).path)
      #expect(try files(run) == before)
    }
  }

  @Test("a start that was cut short begins again, before run.json and after it")
  func cutShort() throws {
    try withRun { tiny, run, final in
      let whole = try contents(of: run)
      let parent = run.url.deletingLastPathComponent()
      // Before run.json has its name: half a temporary file, an empty folder, a lock that nobody holds.
      let early = RunDirectory(parent.appendingPathComponent("early"))
      try FileManager.default.createDirectory(at: early.checkpoints, withIntermediateDirectories: true)
      try Data("{".utf8).write(to: early.url.appendingPathComponent(".run.json.1.1.tmp"))
      try Data("{}".utf8).write(to: early.lockFile)
      #expect(throws: MissingError.self) { try resume(tiny, early) }
      #expect(try tiny.trainer.run(in: early) == final && contents(of: early) == whole)
      // After it, with a tensor file that has no sidecar yet.
      let late = RunDirectory(parent.appendingPathComponent("late"))
      try FileManager.default.createDirectory(at: late.checkpoints, withIntermediateDirectories: true)
      try FileContents.read(run.record).write(to: late.record)
      try Data([1]).write(to: late.checkpoints.appendingPathComponent("step-00000000.safetensors"))
      #expect(try resume(tiny, late).0 == final)
      #expect(try contents(of: late) == whole)
      // With metrics but no checkpoint something is lost, and that is said.
      try FileManager.default.removeItem(at: late.checkpoints)
      #expect(throws: MissingError.self) { try resume(tiny, late) }
    }
  }
}
