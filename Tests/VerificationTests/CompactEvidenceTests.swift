@testable import EscapementExperiments
@testable import EscapementGoldens
import EscapementArtifacts
import Foundation
import EscapementLongTail
import EscapementNetworks
import EscapementRandomness
import EscapementTestSupport
import Testing

@testable import EscapementTraining
@testable import EscapementVerification

/// What a folder of evidence keeps of a run: little, and enough.
@Suite struct CompactEvidenceTests {
  private func inFolder(_ body: (RunDirectory, EvidenceFolder) throws -> Void) throws {
    try RunComparisonTests.inDirectory { folder in
      let run = RunDirectory(folder.appendingPathComponent("run"))
      var options = TrainingOptions()
      options.metricsEvery = 1
      let spectra = try ClassSpectra(SpectrumPlan(parsing: "3@2"), of: 4, steps: 5)
      let data = TrainingGoldenTests.data
      try Trainer<Float>(
        recipe: RunComparisonTests.recipe(), data: data, options: options,
        measurement: spectra.measurement(on: data.train, seed: 0)
      ).run(in: run)
      try body(run, EvidenceFolder(folder.appendingPathComponent("kept")))
    }
  }

  private func added(_ addition: EvidenceFolder.Addition) throws -> RunDirectory {
    guard case .added(let place) = addition else {
      throw DataError(file: "folder", found: "\(addition)", expected: "an addition")
    }
    return RunDirectory(place)
  }

  @Test func everythingThatIsReadIsThere() throws {
    try inFolder { run, folder in
      let kept = try added(folder.add(run))
      let (whole, short) = (try RecordedRun(run), try RecordedRun(kept))
      #expect(short.epochs == whole.epochs && short.state == .finished)
      #expect(short.epochs.contains { !$0.curvature.isEmpty } && short.storedName == whole.storedName)
      #expect(try kept.readMetrics().isSealed)
      #expect(
        try SpectrumDynamics(name: "a", run: kept) == SpectrumDynamics(name: "a", run: run))
      // The links of steps and epochs, with which two runs are compared and audited.
      #expect(try RunAudit(kept).links == RunAudit(run).links)
      let comparison = try RunComparison(run, kept)
      #expect(comparison.trace.agrees, "\(comparison.lines)")
      // Once more from there: a folder can be copied run by run.
      let again = try added(EvidenceFolder(kept.url.appendingPathComponent("again")).add(kept))
      #expect(try again.readMetrics().bytes == kept.readMetrics().bytes)
    }
  }

  @Test func changesAreNoticed() throws {
    try inFolder { run, folder in
      let kept = try added(folder.add(run))
      let stored = try FileContents.read(kept.compactMetrics)
      let lines = try kept.readMetrics().bytes
      var edited = lines
      let digit = try #require(lines.range(of: Data("\"correct\":".utf8))).upperBound
      edited[digit] ^= 1
      try Gzip.deflate(edited).write(to: kept.compactMetrics)
      let error = try #require(throws: DataError.self) { try RecordedRun(kept) }
      #expect(error.file == kept.compactMetrics.path && error.place == "seal")
      try stored.dropLast(9).write(to: kept.compactMetrics)
      #expect(throws: DataError.self) { try RecordedRun(kept) }
      try Data("plain".utf8).write(to: kept.compactMetrics)
      #expect(throws: DataError.self) { try RecordedRun(kept) }
      // The metrics of another seed beside this record.
      var other = RunComparisonTests.recipe()
      other.seed = 9
      let second = try added(folder.add(try RunComparisonTests.run(other, in: folder.url, "source")))
      try FileContents.read(second.compactMetrics).write(to: kept.compactMetrics)
      let foreign = try #require(throws: DataError.self) { try RecordedRun(kept) }
      #expect(foreign.found.contains("metrics of a run whose run.json has"))
    }
  }

  @Test func finalWeightsAreKeptWhereTheyAreAskedFor() throws {
    try inFolder { run, folder in
      let kept = try added(folder.add(run))
      #expect(kept.checkpointedSteps().isEmpty)
      let images = { TrainingGoldenTests.data }
      let without = try RunAudit(kept).report(RunAudit.Request(), images: images)
      #expect(without.outcome == .reproduced && without.weights == nil)
      #expect(without.lines.contains { $0.hasPrefix("final weights: not there") })
      #expect(try folder.add(run, weights: true) == .completed(kept.url))
      #expect(try folder.add(run, weights: true) == .present(kept.url))
      #expect(kept.checkpointedSteps() == [9])
      let with = try RunAudit(kept).report(RunAudit.Request(), images: images)
      #expect(with.outcome == .reproduced && with.weights?.samples == 8)
      let fresh = try added(EvidenceFolder(folder.url.appendingPathComponent("b")).add(run, weights: true))
      for ending in ["json", "safetensors"] {
        func file(_ run: RunDirectory) throws -> Data {
          try FileContents.read(run.sidecar(step: 9).deletingPathExtension().appendingPathExtension(ending))
        }
        #expect(try file(fresh) == file(run) && file(kept) == file(run))
      }
      // Weights that are not the run's are no weights of it.
      let sidecar = run.sidecar(step: 9)
      let network = RunComparisonTests.recipe().architecture.network(classes: 4)
      var other = try Checkpoint<Float>(sidecar: sidecar, network: network)
      other.state.parameters.flat.withMutablePointer { $0[0] += 1 }
      try other.write(sidecar: sidecar)
      let elsewhere = EvidenceFolder(folder.url.appendingPathComponent("c"))
      #expect(throws: DataError.self) { try elsewhere.add(run, weights: true) }
      try FileManager.default.removeItem(at: run.checkpoints)
      #expect(throws: MissingError.self) { try elsewhere.add(run, weights: true) }
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: elsewhere.url.path).isEmpty, "all or nothing")
    }
  }

  /// A run as long as the papers': 200 epochs of 86 steps, a hundred classes, each step on record. Digests do not compress.
  @Test(arguments: [1, 10])
  func theSizeOfAPublishedRun(_ interval: Int) throws {
    var stream = RandomStream(seed: 3, purpose: .fixture, index: 0)
    func digest() -> String { Digest(of: "\(stream.nextWord())").hex }
    var lines: [String] = []
    for epoch in 0..<200 {
      for step in 1...86 where (epoch * 86 + step).isMultiple(of: interval) {
        let event: JSON = [
          "event": "step", "epoch": .integer(epoch), "step": .integer(epoch * 86 + step), "loss": 0.5,
          "digest": .string(digest()),
        ]
        lines.append(event.canonical())
      }
      let classes = (0..<100).map { _ -> JSON in
        ["correct": .integer(Int(stream.nextWord() % 101)), "samples": 100]
      }
      let event: JSON = [
        "event": "epoch", "epoch": .integer(epoch), "step": .integer((epoch + 1) * 86),
        "digest": .string(digest()), "test": ["per_class": .array(classes)],
        "train": ["loss": .number(Double(stream.nextWord()) / 65_537)],
      ]
      lines.append(event.canonical())
    }
    let bytes = Data((lines.joined(separator: "\n") + "\n").utf8)
    let metrics = RunDirectory.Metrics(file: URL(fileURLWithPath: "/m"), bytes: bytes, isSealed: false)
    let short = try CompactMetrics(metrics, record: Data())
    let events = try String(decoding: short.lines, as: UTF8.self).split(separator: "\n").map {
      try JSON(parsing: Data($0.utf8), file: "m")
    }
    let links = events.filter { $0["event"] == "step" }
    #expect(links.count > CompactMetrics.linkLimit * 3 / 4 && links.count <= CompactMetrics.linkLimit)
    #expect(links.allSatisfy { $0.object?.count == 4 })
    #expect(events.count { $0["event"] == "epoch" } == 200 && events.last?["event"] == "seal")
    let size = Gzip.deflate(short.lines).count
    #expect(size < 200_000, "\(size) bytes")
  }

  /// Without links between epochs each step repeats the last one, and nothing of it remains.
  @Test func repeatedLinksGo() throws {
    try RunComparisonTests.inDirectory { folder in
      let run = RunDirectory(folder.appendingPathComponent("run"))
      var options = TrainingOptions()
      (options.metricsEvery, options.digestEvery) = (1, 0)
      try Trainer<Float>(
        recipe: RunComparisonTests.recipe(), data: TrainingGoldenTests.data, options: options
      ).run(in: run)
      let short = try CompactMetrics(run.readMetrics(), record: FileContents.read(run.record))
      let text = String(decoding: short.lines, as: UTF8.self)
      // The last step of each of the three epochs adds a link, which its own event has before the epoch's.
      #expect(text.split(separator: "\n").count { $0.contains("\"event\":\"step\"") } == 3)
      #expect(try RunAudit(run).links.count == 9)
    }
  }
}
