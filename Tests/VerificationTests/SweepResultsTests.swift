@testable import EscapementExperiments
@testable import EscapementDrawing
import EscapementArtifacts
import EscapementCurvature
import Foundation
import Testing
import EscapementTraining

@testable import EscapementVerification

@Suite("Results of sweeps")
struct SweepResultsTests {
  private func manifest(seeds: UInt64 = 3) throws -> SweepManifest {
    try SweepManifest(
      (0..<seeds).map { seed in
        var recipe = try Recipe.preset("fixture/ce")
        recipe.seed = seed
        return SweepRow(recipe: recipe)
      }, version: "v")
  }

  private func checkpoint(_ steps: [Int], in directory: RunDirectory) throws {
    try FileManager.default.createDirectory(at: directory.checkpoints, withIntermediateDirectories: true)
    for step in steps { try Data("{}".utf8).write(to: directory.sidecar(step: step)) }
  }

  /// Writes what a reader of the state looks at in the checkpoint of the run's end, and returns its step.
  @discardableResult
  private func finalCheckpoint(of directory: RunDirectory) throws -> Int {
    let last = try #require(RecordedRun(directory).epochs.last)
    try checkpoint([last.step], in: directory)
    let sidecar = directory.sidecar(step: last.step)
    try AtomicFile.write(SealedJSON.sealed(["schema": 2, "digest": .string(last.digest.hex)]), to: sidecar)
    try Data().write(to: sidecar.deletingPathExtension().appendingPathExtension("safetensors"))
    return last.step
  }

  @Test("a run is done with the checkpoint of its end, or when somebody removed them all")
  func finalWeights() throws {
    try ScratchFolder.with { url in
      let (manifest, folder) = (try manifest(seeds: 1), SweepFolder(url))
      let directory = try SyntheticRun("fixture/ce", seed: 0).write(in: url, as: manifest.rows[0].id)
      func state() -> SweepState { folder.finding(of: manifest.rows[0]).state }
      #expect(state() == .done)
      try checkpoint([0], in: directory)
      #expect(state() == .interrupted(step: 0))
      let step = try finalCheckpoint(of: directory)
      #expect(state() == .done)
      let sidecar = directory.sidecar(step: step)
      let tensors = sidecar.deletingPathExtension().appendingPathExtension("safetensors")
      try FileManager.default.moveItem(at: tensors, to: url.appendingPathComponent("elsewhere"))
      #expect(state() == .interrupted(step: step))
      try FileManager.default.moveItem(at: url.appendingPathComponent("elsewhere"), to: tensors)
      #expect(state() == .done)
      let other: JSON = ["schema": 2, "digest": .string(Digest.zero.hex)]
      try AtomicFile.write(SealedJSON.sealed(other), to: sidecar)
      #expect(state() == .interrupted(step: step))
      try Data("{".utf8).write(to: sidecar)
      #expect(state() == .interrupted(step: step))
    }
  }

  @Test("every state a run can be found in")
  func states() throws {
    try ScratchFolder.with { url in
      let manifest = try manifest(seeds: 7)
      let folder = SweepFolder(url)
      func write(_ row: Int, _ change: (inout SyntheticRun) -> Void = { _ in }) throws -> RunDirectory {
        var run = try SyntheticRun("fixture/ce", seed: UInt64(row), accuracy: 50)
        change(&run)
        return try run.write(in: url, as: manifest.rows[row].id)
      }
      _ = try write(0)
      try checkpoint([29, 64], in: try write(1) { $0.correct.removeLast(4) })
      _ = try write(2) { $0.extraEvents = [["event": "divergence", "step": 17, "what": "loss"]] }
      _ = try write(3) { $0.recipe.momentum = 0.5 }
      // Its record is there, its first checkpoint is not.
      let begun = try write(4)
      try FileManager.default.removeItem(at: begun.metrics)
      let torn = try write(5)
      try Data("{".utf8).write(to: torn.record)
      let results = SweepResults(manifest, in: folder)
      let states = results.rows.map(\.finding.state)
      #expect(states[0...2] == [.done, .interrupted(step: 64), .diverged(step: 17)])
      #expect(states[3].text.contains("another recipe") && states[4] == .interrupted(step: 0))
      #expect(states[5].name == "damaged" && states[6] == .waiting)
      #expect(states.map(\.isOpen) == [false, true, false, false, true, false, true])
      // A run that is written is no one else's to go on with.
      let lock = try RunLock(folder.directory(of: manifest.rows[1]))
      let held = folder.finding(of: manifest.rows[1]).state
      #expect(held.name == "running" && held.text.contains("process \(getpid())") && !held.isOpen)
      lock.release()
      #expect(folder.finding(of: manifest.rows[1]).state == .interrupted(step: 64))
      // All are there, none is dropped, and the mean is of the run that is done.
      let group = try #require(results.groups.first)
      #expect(results.groups.count == 1 && group.rows.count == 7 && !results.isComplete)
      #expect(group.standing == "inconclusive (1 of 7, 1 diverged)")
      #expect(group.mean(.accuracy)?.mean == 50 && group.mean(.accuracy)?.standardError == nil)
      #expect(try CSVText(parsing: Data(results.runsCSV.utf8), file: "t").records.count == 8)
      #expect(results.json["runs"]?.array?.count == 7 && results.json["complete"]?.bool == false)
    }
  }

  @Test("a run whose spectra were planned is done with the last of them")
  func spectra() throws {
    try ScratchFolder.with { url in
      var row = try manifest(seeds: 1).rows[0]
      row.spectra = try SpectrumPlan(parsing: "0,9@10")
      let folder = SweepFolder(url)
      func find(_ planned: String, measured: [Int]) throws -> SweepState {
        var run = try SyntheticRun("fixture/ce", seed: 0)
        run.extraEvents = [
          // Whether it counts is no question of the sweep.
          run.spectrum(
            after: 9,
            measured.map { .init(label: $0, smallest: -1, largest: 2, residual: $0 == 0 ? 1 : 0.001) })
        ]
        let directory = try run.write(in: url, as: row.id)
        var record = try #require(run.record.object)
        record["measurement"] = ["spectra": .string(planned)]
        try Data(JSON.object(record).canonical().utf8).write(to: directory.record)
        #expect(try finalCheckpoint(of: directory) == 290)
        return folder.finding(of: row).state
      }
      #expect(try find("0,9@10", measured: [0, 9]) == .done)
      #expect(try find("0@3,9@5", measured: [0]) == .interrupted(step: 290))
      #expect(try find("0", measured: [0]).name == "damaged")
      // Class 9 after every fourth epoch is not class 9 after the tenth.
      #expect(try find("0,9@4", measured: [0]).name == "damaged")
    }
  }

  @Test("means are over the seeds, of the last epoch and of the best")
  func means() throws {
    try ScratchFolder.with { url in
      let manifest = try manifest()
      for (row, accuracy) in [40, 50, 54].enumerated() {
        var run = try SyntheticRun("fixture/ce", seed: UInt64(row), accuracy: accuracy)
        run.faults["select_every"] = 5
        // The best epoch is the last but one, and the last is at 48 percent.
        if row == 2 {
          run.correct.swapAt(8, 9)
          run.correct[9] = Array(repeating: 48, count: 10)
        }
        try run.write(in: url, as: manifest.rows[row].id)
      }
      let results = SweepResults(manifest, in: SweepFolder(url))
      let group = try #require(results.groups.first)
      #expect(results.isComplete && group.standing == "complete (3 of 3)")
      // Of the fifth and the tenth epoch: the third run has 48 at both, and the first of them stays.
      #expect(results.hasSelections && results.rows.map { $0.selected?.epoch } == [9, 9, 4])
      #expect(group.mean(.accuracy, at: \.selected)?.mean == (40.0 + 50 + 48) / 3)
      let mean = try #require(group.mean(.accuracy))
      #expect(mean.mean == 46 && mean.count == 3)
      // Deviations −6, 4, 2: s² = 56/2, s²/n = 28/3. The root and its square round by half an ulp each, the two quotients
      // before them too, and the root's counts twice: below 3 ulps in all.
      let error = try #require(mean.standardError)
      #expect(!((error * error - 28.0 / 3).magnitude > 28.0 / 3 * 3 * Double.ulpOfOne))
      // The deviation is the root of 28, rounded as above and once more by the product with √3.
      let deviation = try #require(mean.standardDeviation)
      #expect(!((deviation * deviation - 28).magnitude > 28 * 8 * Double.ulpOfOne))
      #expect(group.mean(.accuracy, at: \.best)?.mean == 48)
      let table = try CSVText(parsing: Data(results.groupsCSV.utf8), file: "t").records
      #expect(table.count == 2)
      let fields = Dictionary(uniqueKeysWithValues: zip(table[0].fields, table[1].fields))
      #expect(fields["selected_accuracy_mean"] == "46.0" && fields["best_accuracy_mean"] == "48.0")
      #expect(fields["accuracy_sd"] == "\(deviation)" && fields["accuracy_se"] == "\(error)")
      #expect(fields["accuracy_mean"] == "46.0" && fields["planned"] == "3" && fields["done"] == "3")
      #expect(fields["standing"] == "complete (3 of 3)" && fields["recipe"] == group.digest.hex)
    }
  }
}
