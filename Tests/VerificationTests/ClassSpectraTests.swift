@testable import EscapementExperiments
import EscapementOptimizers
import EscapementArtifacts
import EscapementCurvature
import Foundation
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementTestSupport
import Synchronization
import Testing
import EscapementTraining
import EscapementVerification

/// Spectra of classes along a run: they are what one would take of the checkpoints, and the run is none the worse for them.
@Suite struct ClassSpectraTests {
  static let data = TrainingGoldenTests.data

  static func recipe() throws -> Recipe {
    Recipe(
      preset: "test/spectra", architecture: try #require(Architecture(.cifarResNet(depth: 8), width: 2)),
      data: "noise", epochs: 4, batchSize: 4,
      schedule: LearningRateSchedule(base: 0.1, warmupEpochs: 0, milestones: []))
  }

  static func run(
    _ spectra: ClassSpectra?, in directory: URL, resume: Bool = false, stopAfter: Int? = nil
  ) throws -> (state: TrainingState<Float>, events: [JSON]) {
    let run = RunDirectory(directory)
    let trainer = Trainer<Float>(
      recipe: try recipe(), data: data, measurement: spectra?.measurement(on: data.train, seed: 0))
    var steps = 0
    do {
      let state = try trainer.run(in: run, resume: resume, isCancelled: { steps == stopAfter }) {
        if case .step = $0 { steps += 1 }
      }
      let lines = String(decoding: try FileContents.read(run.metrics), as: UTF8.self).split(separator: "\n")
      return (state, try lines.map { try JSON(parsing: Data($0.utf8), file: "metrics.jsonl") })
    } catch is Interrupted {
      return try Self.run(spectra, in: directory, resume: true)
    }
  }

  private static func spectrumEvents(_ events: [JSON]) -> [JSON] {
    events.compactMap { event in
      guard event["event"]?.string == "spectrum", var fields = event.object else { return nil }
      fields["seconds"] = nil
      return .object(fields)
    }
  }

  @Test func aRunHasTheSameBitsWithAndWithoutThemAndResumesWithThem() throws {
    let scratch = try TemporaryDirectory()
    defer { scratch.remove() }
    let directory = scratch.url
    let spectra = try ClassSpectra(SpectrumPlan(parsing: "3@3,0,all"), of: 4, steps: 5, samples: 2)
    let plain = try Self.run(nil, in: directory.appendingPathComponent("plain"))
    let measured = try Self.run(spectra, in: directory.appendingPathComponent("measured"))
    #expect(measured.state == plain.state)
    let events = Self.spectrumEvents(measured.events)
    // Class 3 after the third epoch, and all after the last.
    #expect(events.map { $0["epoch"]?.integer } == [2, 3])
    #expect(events.first?["classes"]?.array?.map { $0["class"] } == [3])
    let stopped = try Self.run(spectra, in: directory.appendingPathComponent("stopped"), stopAfter: 10)
    #expect(stopped.state == plain.state && Self.spectrumEvents(stopped.events) == events)
    // Another measurement than the one the run began with is refused.
    let other = try ClassSpectra(SpectrumPlan(parsing: "3@3"), of: 4, steps: 5, samples: 2)
    #expect(throws: DataError.self) {
      try Self.run(other, in: directory.appendingPathComponent("measured"), resume: true)
    }
    #expect(throws: DataError.self) {
      try Self.run(nil, in: directory.appendingPathComponent("measured"), resume: true)
    }

    // The last event is what one takes of the final state.
    let rows = try #require(events.last?["classes"]?.array)
    #expect(rows.map { $0["class"] } == [0, 3, .null])
    for (row, label) in zip(rows, [0, 3, nil]) {
      let positions =
        label.map { Array(Self.data.train.positions(ofClass: $0).prefix(2)) }
        ?? Array(0..<Self.data.train.count)
      let hessian = HessianOperator<Float>(
        objective: Objective(network: try Self.recipe().architecture.network(classes: 4)),
        parameters: plain.state.parameters, statistics: plain.state.statistics,
        samples: Self.data.train.source(positions))
      let report = try extremeSpectrum(of: hessian, steps: 5, seed: 0)
      #expect(row["smallest"]?.double == report.smallest.rayleighQuotient)
      #expect(row["largest"]?.double == report.largest.rayleighQuotient)
      let ratio = abs(report.smallest.rayleighQuotient / report.largest.rayleighQuotient)
      #expect(row["ratio"]?.double == ratio && row["drift"]?.double == 0)
      let evaluation = try hessian.objective.evaluate(
        at: plain.state.parameters, statistics: plain.state.statistics, over: hessian.samples)
      #expect(row["loss"]?.double == evaluation.loss)
      #expect(row["gradient_norm"]?.double == evaluation.gradient.flat.norm())
      #expect(row["samples"]?.integer == positions.count)
    }

    // The training images as they are were classified once, after the last epoch.
    let counted = plain.events.filter { $0["training_pictures"] != nil }
    #expect(counted.map { $0["epoch"]?.integer } == [3])
    let accuracy = try ClassAccuracy(
      network: try Self.recipe().architecture.network(classes: 4), parameters: plain.state.parameters,
      statistics: plain.state.statistics,
      over: Self.data.train.source(Array(0..<Self.data.train.count), of: Float.self))
    let classes = counted.first?["training_pictures"]?["per_class"]?.array
    #expect(classes?.map { $0["correct"]?.integer } == accuracy.correct)
    #expect(classes?.map { $0["samples"]?.integer } == Self.data.counts)
  }

  @Test func recordsRoundTripAndBadOnesAreRefused() throws {
    for samples in [7, Int.max] {
      let spectra = try ClassSpectra(
        SpectrumPlan(parsing: "9@10,all@3,0,7@1"), of: 10, steps: 50, samples: samples)
      #expect(spectra.plan.text == "0,7@1,9@10,all@3")
      #expect(try ClassSpectra(JSONCursor(spectra.json, file: "run.json"), of: 10) == spectra)
    }
    for (plan, steps, samples) in [
      ("1@0", 1, 1), ("", 1, 1), ("10", 1, 1), ("-1", 1, 1), ("2,2@5", 1, 1), ("1@", 1, 1), ("1@2@3", 1, 1),
      ("al", 1, 1), ("1,", 1, 1), ("1 2", 1, 1), ("1", 0, 1), ("1", 1, 0),
    ] {
      #expect(throws: HyperparameterError.self, "\(plan)") {
        try ClassSpectra(SpectrumPlan(parsing: plan), of: 10, steps: steps, samples: samples)
      }
    }
  }

  @Test func anInterruptionInASpectrumEndsTheRunWithoutALine() throws {
    struct Stop: Error {}
    let scratch = try TemporaryDirectory()
    defer { scratch.remove() }
    let directory = scratch.url
    let spectra = try ClassSpectra(SpectrumPlan(parsing: "0@1"), of: 4, steps: 3)
    let trainer = Trainer<Float>(
      recipe: try Self.recipe(), data: Self.data,
      measurement: spectra.measurement(on: Self.data.train, seed: 0) { _, _, _ in throw Stop() })
    let run = RunDirectory(directory.appendingPathComponent("run"))
    #expect(throws: Stop.self) { try trainer.run(in: run) }
    // The epoch before the spectrum is not lost, and its line is the last.
    #expect(run.checkpointedSteps().count == 2)
    let text = String(decoding: try FileContents.read(run.metrics), as: UTF8.self)
    #expect(text.split(separator: "\n").last?.contains("\"event\":\"epoch\"") == true)
    let state = try Self.run(spectra, in: run.url, resume: true).state
    #expect(state.epoch == 4)
  }

  @Test func anInterruptedSpectrumGoesOnAtTheClassInProgress() throws {
    struct Stop: Error {}
    let scratch = try TemporaryDirectory()
    defer { scratch.remove() }
    let spectra = try ClassSpectra(SpectrumPlan(parsing: "0,3,all"), of: 4, steps: 3)
    func measured(_ name: String, resume: Bool = false, stopsAt stop: Int? = nil) throws -> Set<Int?> {
      let labels = Mutex<Set<Int?>>([])
      let trainer = Trainer<Float>(
        recipe: try Self.recipe(), data: Self.data,
        measurement: spectra.measurement(on: Self.data.train, seed: 0) { label, done, total in
          _ = labels.withLock { $0.insert(label) }
          // At the last evaluation, which is one of the saddle test.
          if let stop, label == stop, done == total - 1 { throw Stop() }
        })
      try trainer.run(in: RunDirectory(scratch.url.appendingPathComponent(name)), resume: resume)
      return labels.withLock { $0 }
    }
    #expect(try measured("whole") == [0, 3, nil])
    #expect(throws: Stop.self) { try measured("run", stopsAt: 3) }
    #expect(try measured("run", resume: true) == [3, nil])
    let events = try ["whole", "run"].map { name in
      Self.spectrumEvents(
        try Self.run(spectra, in: scratch.url.appendingPathComponent(name), resume: true).events)
    }
    #expect(events[0] == events[1] && events[0].count == 1)
    #expect(events[0].first?["classes"]?.array?.count == 3)
  }
}
