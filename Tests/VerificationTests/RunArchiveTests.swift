import EscapementArtifacts
import Foundation
import EscapementTestSupport
import Testing
import EscapementTraining

@testable import EscapementVerification

/// Finished runs on disk as evidence.
@Suite struct RunArchiveTests {
  static func withFolder<R>(_ body: (URL) throws -> R) throws -> R {
    let folder = try TemporaryDirectory()
    defer { folder.remove() }
    return try body(folder.url)
  }

  @Test func figuresOfTheLastAndTheBestEpoch() throws {
    try Self.withFolder { folder in
      var run = try SyntheticRun("fixture/ce-drw", seed: 3, accuracy: 40, tail: 20)
      // Epoch 4 is the best by its overall accuracy, not by its tail.
      run.correct[4] = Array(repeating: 90, count: 7) + [10, 15, 20]
      run.extraEvents = [
        run.spectrum(
          after: 9,
          [
            .init(label: 9, loss: 0.75, smallest: -2, largest: 8),
            .init(label: 0, loss: 0.25, smallest: 0.5, largest: 4),
            .init(label: nil, loss: 0.375, smallest: -0.5, largest: 16),
          ])
      ]
      // All, half and three of ten of the tail's three classes.
      run.correctInTraining = run.classCounts.prefix(7) + [21, 7, 3]
      try run.write(in: folder, as: "a")
      let archive = try RunArchive(reading: [folder])
      let evidence = try #require(archive.runs(of: RunSelection("fixture/ce-drw")).first)
      #expect(evidence.seed == 3 && !evidence.isPublished)
      // 7·40 + 3·20 of 1000.
      #expect(evidence.last[.accuracy] == 34 && evidence.last[.head] == 40)
      #expect(evidence.last[.mid] == 40 && evidence.last[.tail] == 20)
      #expect(evidence.best == [.accuracy: 67.5, .head: 90, .mid: 90, .tail: 15])
      #expect(evidence.last[.saddleRatio(ofClass: 9)] == 0.25)
      #expect(evidence.last[.negativeCurvature(ofClass: 9)] == 2)
      #expect(evidence.last[.negativeCurvature(ofClass: 0)] == 0)
      #expect(evidence.last[.trainingLoss(ofClass: 0)] == 0.25)
      #expect(evidence.last[.trainingLoss(ofClass: nil)] == 0.375)
      #expect(evidence.last[.saddleRatio(ofClass: nil)] == 0.5 / 16)
      #expect(evidence.last[.trainingTail] == 60)
      let early = archive.runs(of: RunSelection("fixture/ce-drw", epoch: 5))
      #expect(early.first?.last[.accuracy] == 67.5)
      #expect(archive.runs(of: RunSelection("fixture/ce-drw", epoch: 11)).isEmpty)
      #expect(archive.runs(of: RunSelection("fixture/ce")).isEmpty)
    }
  }

  /// Of every third epoch the first best by the mean over classes, on images as they are.
  @Test func theSelectedEpochIsOfEveryNth() throws {
    try Self.withFolder { folder in
      func selected(_ name: String, _ change: (inout SyntheticRun) -> Void) throws -> RecordedEpoch? {
        var run = try SyntheticRun("fixture/ce", seed: 0, accuracy: 40)
        for epoch in [2, 5] { run.correct[epoch] = Array(repeating: 50, count: 10) }
        run.correct[5][0] = 60
        // Better, but none of every third.
        run.correct[6] = Array(repeating: 90, count: 10)
        change(&run)
        return try RecordedRun(run.write(in: folder, as: name)).selected
      }
      #expect(try selected("none") { _ in } == nil)
      let third = try #require(try selected("third") { $0.faults["select_every"] = 3 })
      #expect(third.epoch == 5 && third.figures[.accuracy] == 51)
      let equal = try selected("equal") {
        $0.faults["select_every"] = 3
        $0.correct[2][3] = 60
      }
      #expect(equal?.epoch == 2)
      // The counts of mirrored images are reported and do not select.
      let plain = try #require(
        try selected("plain") { run in
          (run.testTime, run.faults["select_every"]) = ("flip", 3)
          var still = run
          still.correct = run.correct.map { _ in Array(repeating: 30, count: 10) }
          still.correct[8] = Array(repeating: 31, count: 10)
          run.plainCorrect = still.correct
        })
      #expect(plain.epoch == 8 && plain.figures[.accuracy] == Double(40 - 2 - 8 % 7))
      let missing = #expect(throws: DataError.self) {
        try selected("missing") { ($0.testTime, $0.faults["select_every"]) = ("flip", 3) }
      }
      #expect(missing?.place?.contains("test_plain") == true)
    }
  }

  /// The recipe's values decide, whatever the run is called; a radius given by flag answers the sweep.
  @Test func theRecipeIsTheKey() throws {
    try Self.withFolder { folder in
      var swept = try SyntheticRun("fixture/ce-drw-sam", seed: 0)
      swept.recipe.optimizer = try #require(swept.recipe.optimizer.with(rho: 0.8))
      try swept.write(in: folder, as: "swept")
      var decayed = try SyntheticRun("fixture/ce-drw", seed: 0)
      decayed.recipe.weightDecay = 0
      try decayed.write(in: folder, as: "decayed")
      var renamed = try SyntheticRun("fixture/ce", seed: 1)
      renamed.recipe.preset = "mine/of-old"
      try renamed.write(in: folder, as: "renamed")
      var mirrored = try SyntheticRun("fixture/ce", seed: 2)
      mirrored.testTime = "flip"
      try mirrored.write(in: folder, as: "mirrored")
      let archive = try RunArchive(reading: [folder])
      #expect(archive.runs(of: RunSelection("fixture/ce-drw-sam")).isEmpty)
      #expect(archive.runs(of: RunSelection("fixture/ce-drw-sam", radius: 0.8)).count == 1)
      #expect(archive.runs(of: RunSelection("fixture/ce-drw")).isEmpty)
      #expect(archive.runs(of: RunSelection("fixture/ce")).map(\.seed) == [1])
      let standings = archive.entries.map(\.standing.text)
      #expect(
        standings == [
          "not counted: its recipe is not that of fixture/ce-drw: other weight_decay",
          "not counted: its recipe is not that of fixture/ce: other test_time",
          "counts for fixture/ce", "counts for fixture/ce-drw-sam with ρ = 0.8",
        ])
    }
  }

  /// A paper's claim asks for the paper's protocol: a shortened one is another recipe.
  @Test func aCompressedProtocolCountsForNothing() throws {
    try Self.withFolder { folder in
      var run = try SyntheticRun("cifar10-lt100/ce-drw", seed: 0)
      run.recipe = try run.recipe.compressed(to: 40)
      run.correct = Array(run.correct.suffix(40))
      try run.write(in: folder, as: "short")
      let archive = try RunArchive(reading: [folder])
      #expect(archive.counted.isEmpty && archive.runs(of: RunSelection("cifar10-lt100/ce-drw")).isEmpty)
      #expect(archive.entries[0].standing.text.contains("compressed from 200 to 40 epochs"))
    }
  }

  @Test func unfinishedDivergedAndDamagedRunsAreListedOnly() throws {
    try Self.withFolder { folder in
      var part = try SyntheticRun("fixture/ce", seed: 0)
      part.correct.removeLast()
      try part.write(in: folder, as: "a-part")
      part.extraEvents = [["event": "divergence", "step": 97, "what": "loss"]]
      try part.write(in: folder, as: "b-diverged")
      try SyntheticRun("fixture/ce", seed: 0).write(in: folder, as: "c-damaged")
      try Data("{\"event\":\"epoch\"".utf8 + [0x0A]).write(
        to: folder.appendingPathComponent("c-damaged/metrics.jsonl"))
      let missing = try SyntheticRun("fixture/ce", seed: 0).write(in: folder, as: "d-missing")
      try FileManager.default.removeItem(at: missing.metrics)
      // What an interruption leaves: the beginning of a line.
      let cut = try SyntheticRun("fixture/ce", seed: 5).write(in: folder, as: "e-cut")
      let whole = try Data(contentsOf: cut.metrics)
      try whole.dropLast(20).write(to: cut.metrics)
      let archive = try RunArchive(reading: [folder])
      #expect(archive.counted.isEmpty)
      let texts = archive.entries.map(\.standing.text)
      #expect(texts[0] == "not counted: unfinished, 9 of 10 epochs")
      #expect(texts[1] == "not counted: diverged at step 97")
      #expect(texts[2].contains("metrics.jsonl line 1"))
      #expect(texts[3].contains("is missing"))
      #expect(texts[4] == "not counted: unfinished, 9 of 10 epochs")
    }
  }

  @Test func duplicatesMustAgree() throws {
    try Self.withFolder { folder in
      let run = try SyntheticRun("cifar10-lt100/ce", seed: 0)
      try run.write(in: folder, as: "a")
      try run.write(in: folder, as: "b")
      let archive = try RunArchive(reading: [folder])
      #expect(archive.counted.count == 1 && archive.entries[1].standing.text.hasSuffix("the same run as a"))
      var other = run
      other.salt = "other"
      try other.write(in: folder, as: "b")
      #expect {
        _ = try RunArchive(reading: [folder])
      } throws: { error in
        let line = "\(error)"
        return line.contains(folder.path + "/a") && line.contains(folder.path + "/b")
          && line.contains("after epoch 1")
      }
      // On other images, or with the digest linked less often, other digests are no contradiction.
      other.digestEvery = 0
      try other.write(in: folder, as: "b")
      #expect(try RunArchive(reading: [folder]).counted.count == 1)
      other.isPublished = false
      other.digestEvery = 1
      try other.write(in: folder, as: "b")
      let both = try RunArchive(reading: [folder])
      #expect(both.counted.count == 2)
      #expect(both.runs(of: RunSelection("cifar10-lt100/ce")).map(\.isPublished) == [true])
    }
  }

  /// No file that others wrote ends in a trap or counts.
  @Test(arguments: [
    "", "[]", "{}", "{\"schema\":2}", String(repeating: "[", count: 100_000),
    "{\"schema\":1,\"recipe\":null}",
    "\u{0}\u{1}",
  ])
  func hostileRecords(_ text: String) throws {
    try Self.withFolder { folder in
      let run = try SyntheticRun("fixture/ce", seed: 0).write(in: folder, as: "a")
      try Data(text.utf8).write(to: run.record)
      let entries = try RunArchive(reading: [folder]).entries
      #expect(entries.count == 1 && entries[0].run == nil)
      #expect(entries[0].standing.text.hasPrefix("not counted: damaged"))
    }
  }

  @Test(arguments: [
    ("\"epoch\":0", "\"epoch\":1"), ("\"samples\":100}", "\"samples\":0}"),
    ("\"correct\":480", "\"correct\":481"), ("\"correct\":480", "\"correct\":-480"),
    ("\"samples\":1000,", "\"samples\":9223372036854775807,"), ("\"digest\":\"", "\"digest\":\"x"),
    ("\"event\":\"epoch\"", "\"event\":\"other\""), ("\"epoch\":0", "\"epoch\":-1"),
    ("\"correct\":7,", "\"correct\":8,"),
    ("\"correct\":7,\"samples\":10}", "\"correct\":7,\"samples\":11}"),
    ("\"class\":null,", ""),
  ])
  func hostileMetrics(_ from: String, _ to: String) throws {
    try Self.withFolder { folder in
      var synthetic = try SyntheticRun("fixture/ce", seed: 0)
      synthetic.correctInTraining = synthetic.classCounts.dropLast() + [7]
      synthetic.extraEvents = [
        synthetic.spectrum(after: 0, [.init(label: nil, smallest: -1, largest: 1)])
      ]
      let run = try synthetic.write(in: folder, as: "a")
      #expect(try RunArchive(reading: [folder]).entries[0].run != nil, "as written it is read")
      let text = try String(contentsOf: run.metrics, encoding: .utf8)
      let place = try #require(text.range(of: from))
      try Data(text.replacingCharacters(in: place, with: to).utf8).write(to: run.metrics)
      let entries = try RunArchive(reading: [folder]).entries
      #expect(entries[0].run == nil, "\(to)")
    }
  }

  /// Epochs that no run could have are refused before anything is made for each of them.
  @Test func aRecipeWithoutEnd() throws {
    try Self.withFolder { folder in
      var run = try SyntheticRun("fixture/ce-drw-sam", seed: 0)
      run.recipe.epochs = .max
      run.recipe.weighting?.start = .max - 1
      try run.write(in: folder, as: "a")
      let entry = try RunArchive(reading: [folder]).entries[0]
      #expect(entry.run == nil && entry.standing.text.contains("recipe.epochs"))
    }
  }

  @Test func addingKeepsTheSmallFilesAlone() throws {
    try Self.withFolder { folder in
      let run = try SyntheticRun("fixture/ce", seed: 4).write(in: folder, as: "run")
      try Data([1]).write(to: run.url.appendingPathComponent("checkpoint"))
      let store = EvidenceFolder(folder.appendingPathComponent("kept"))
      guard case .added(let place) = try store.add(run) else {
        Issue.record("not added")
        return
      }
      #expect(try place.lastPathComponent == RecordedRun(run).storedName)
      #expect(place.lastPathComponent.hasSuffix("-seed4"))
      let names = try FileManager.default.contentsOfDirectory(atPath: place.path).sorted()
      #expect(names == ["metrics.jsonl.gz", "run.json"])
      #expect(try RecordedRun(RunDirectory(place)).epochs == RecordedRun(run).epochs)
      #expect(try store.add(run) == .present(place))
      var other = try SyntheticRun("fixture/ce", seed: 4)
      other.salt = "other"
      let second = try other.write(in: folder, as: "second")
      #expect(throws: DataError.self) { _ = try store.add(second) }
      other.correct.removeLast()
      let part = try other.write(in: folder, as: "part")
      #expect(throws: DataError.self) { _ = try store.add(part) }
      let entries = try FileManager.default.contentsOfDirectory(atPath: store.url.path)
      #expect(Set(entries) == [place.lastPathComponent, ".gitattributes"])
    }
  }

  /// A claim about runs is judged from files.
  /// A7: what cross-entropy knows of the tail's training images and not of its test images.
  @Test func overfittingOfTheTailIsJudgedFromFiles() throws {
    try Self.withFolder { folder in
      for seed in 0..<5 {
        var run = try SyntheticRun("fixture/ce", seed: UInt64(seed), accuracy: 80, tail: 30 + seed % 3)
        run.correctInTraining = run.classCounts.prefix(7) + [20, 14, 10]
        try run.write(in: folder, as: "\(seed)")
      }
      let gap = RunQuestion.exceeds(
        RunQuantity("fixture/ce", .trainingTail), RunQuantity("fixture/ce", .tail), by: 20)
      let family = RunFamily(name: "f", statements: [RunFamilyTests.statement("X1", [gap])])
      let verdict = try family.claims[0].judge(ClaimContext(runs: RunArchive(reading: [folder])))
      // The images of the fixture are synthetic, so that nothing is settled.
      #expect(
        verdict.outcome == .inconclusive && verdict.summary.hasPrefix("consistent"), "\(verdict.summary)")
    }
  }

  @Test func aClaimOfThePapersIsJudgedFromFiles() throws {
    try Self.withFolder { folder in
      let data = "cifar10-lt100"
      for (method, tail) in [("ce-drw", 50), ("ce-drw-sam", 60)] {
        for seed in 0..<5 {
          // A spread, without which there is no test.
          try SyntheticRun(
            "\(data)/\(method)", seed: UInt64(seed), accuracy: 80,
            tail: tail + (method == "ce-drw" ? seed % 3 : seed % 2)
          )
          .write(in: folder, as: "\(method)-\(seed)")
        }
      }
      let archive = try RunArchive(reading: [folder])
      let verdict = try #require(ClaimCatalog.standard["P10r-C10-ce-drw"]).judge(
        ClaimContext(runs: archive))
      #expect(verdict.outcome == .supported, "\(verdict.summary)")
    }
  }
}
