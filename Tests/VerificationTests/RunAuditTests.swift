import EscapementArtifacts
import CEscapementKernels
import Foundation
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementTestSupport
import Testing

@testable import EscapementTraining
@testable import EscapementVerification

/// Audits of small real runs: six epochs of three steps, a checkpoint kept after every second.
@Suite struct RunAuditTests {
  private static let data = TrainingGoldenTests.data

  private static func recipe(rate: Double = 0.1) -> Recipe {
    var recipe = RunComparisonTests.recipe()
    recipe.epochs = 6
    recipe.schedule = LearningRateSchedule(base: rate, warmupEpochs: 1, milestones: [])
    return recipe
  }

  private static func trainer(
    _ recipe: Recipe = recipe(), keeping interval: Int = 2, selecting: Int = 0
  ) -> Trainer<Float> {
    var options = TrainingOptions()
    (options.selectEvery, options.testTime) = (selecting, selecting > 0 ? .flip : .none)
    options.metricsEvery = 1
    options.keepEvery = interval
    return Trainer<Float>(recipe: recipe, data: data, options: options)
  }

  private func withRun(
    keeping interval: Int = 2, selecting: Int = 0, _ body: (RunDirectory) throws -> Void
  ) throws {
    try RunComparisonTests.inDirectory { folder in
      let run = RunDirectory(folder.appendingPathComponent("run"))
      try Self.trainer(keeping: interval, selecting: selecting).run(in: run)
      try body(run)
    }
  }

  private func audit(
    _ run: RunDirectory, epochs: Int = 1, segments: Int = 0, seed: UInt64 = 1, checkpoints: URL? = nil,
    data: LongTailedData = Self.data
  ) throws -> AuditReport {
    try RunAudit(run, checkpoints: checkpoints).report(
      RunAudit.Request(epochs: epochs, segments: segments, seed: seed), images: { data })
  }

  private func difference(_ report: AuditReport) throws -> AuditDifference {
    guard case .differs(let difference) = report.outcome else {
      throw DataError(file: "report", found: report.lines.joined(separator: " "), expected: "a difference")
    }
    #expect(report.exitCode == 1 && report.lines[0].hasPrefix("differs at step \(difference.step)"))
    #expect(report.lines.allSatisfy { !$0.contains("\n") } && report.json["outcome"] == "differs")
    return difference
  }

  private func files(_ run: RunDirectory) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: run.url.path) {
      files[path] = try? FileContents.read(run.url.appendingPathComponent(path))
    }
    return files
  }

  /// Changes the lines of the metrics as somebody who can seal them anew.
  private func forge(_ run: RunDirectory, _ change: (inout [JSON]) throws -> Void) throws {
    try Sealing.open(run)
    let text = String(decoding: try FileContents.read(run.metrics), as: UTF8.self)
    var events = try text.split(separator: "\n").map { try JSON(parsing: Data($0.utf8), file: "metrics") }
    try change(&events)
    try Data((events.map { $0.canonical() }.joined(separator: "\n") + "\n").utf8).write(to: run.metrics)
    try Sealing.close(run)
  }

  @Test func anHonestRunIsReproduced() throws {
    try withRun { run in
      let before = try files(run)
      let first = try audit(run)
      #expect(first.outcome == .reproduced && first.exitCode == 0)
      #expect(first.steps == 3 && first.allSteps == 18 && first.links == 3 && first.allLinks == 18)
      #expect(first.segments.isEmpty && first.segmentCount == 3 && first.weights?.samples == 8)
      #expect(first.probability(ofCatching: 0.5) == 0)
      let drawn = try audit(run, epochs: 0, segments: 2)
      #expect(drawn.outcome == .reproduced && drawn.segments.count == 2 && drawn.steps == 12)
      #expect(drawn.probability(ofCatching: 0.5) == 0.75)
      // 1 − 0.9², to the rounding of two products and a difference.
      #expect(!((drawn.probability(ofCatching: 0.1) - 0.19).magnitude > 4 * Double.ulpOfOne))
      #expect(drawn.lines.contains { $0.contains("0.75 with 50 % of its segments forged") })
      let all = try audit(run, epochs: 6, segments: 9)
      #expect(all.outcome == .reproduced && all.segments == [0..<2, 2..<4, 4..<6] && all.steps == 18)
      #expect(try files(run) == before, "an audit writes nothing")
    }
  }

  /// The draw is the auditor's: other seeds draw other segments, and one seed the same ones.
  @Test func theSeedDraws() throws {
    try withRun(keeping: 1) { run in
      let audit = try RunAudit(run)
      func drawn(_ seed: UInt64, _ count: Int = 2) -> [Range<Int>] {
        audit.drawn(RunAudit.Request(epochs: 0, segments: count, seed: seed))
      }
      #expect(audit.segments.count == 6 && drawn(3) == drawn(3))
      #expect(Set((0..<40).map { drawn($0) }).count > 8)
      #expect(Set((0..<40).flatMap { drawn($0, 1) }).count == 6)
      for seed in 0..<40 { #expect(Set(drawn(UInt64(seed), 4)).count == 4, "without replacement") }
    }
  }

  @Test func aLinkThatIsNotTheRunsOwn() throws {
    try withRun { run in
      // Step 11 is no epoch's last: only its own event has its link.
      try forge(run) { events in
        for index in events.indices where events[index]["step"] == 11 {
          var members = try #require(events[index].object)
          members["digest"] = .string(Digest(of: "forged").hex)
          events[index] = .object(members)
        }
      }
      let found = try difference(audit(run, epochs: 0, segments: 3))
      #expect(found.step == 11 && found.lastAgreeing == 10 && found.tensor == nil)
      #expect(
        found.what.contains("while the tensors of the checkpoint after step 12 are the recomputed ones"))
      #expect(try audit(run, epochs: 3).outcome == .reproduced, "what is not looked at is not seen")
    }
  }

  /// Another count of class 3 in one set of an epoch.
  private func edit(_ run: RunDirectory, _ epoch: Int, _ set: String) throws {
    try forge(run) { events in
      let index = try #require(
        events.firstIndex { $0["event"] == "epoch" && $0["epoch"]?.integer == epoch })
      var event = try #require(events[index].object)
      var sums = try #require(event[set]?.object)
      var rows = try #require(sums["per_class"]?.array)
      // One image of class 3 more or less, in the class, its group and all.
      func moved(_ counts: JSON?, _ by: Int) throws -> JSON {
        var members = try #require(counts?.object)
        members["correct"] = .integer(try #require(members["correct"]?.integer) + by)
        return .object(members)
      }
      let by = (rows[3]["correct"]?.integer ?? 0) > 0 ? -1 : 1
      rows[3] = try moved(rows[3], by)
      sums["per_class"] = .array(rows)
      sums["tail"] = try moved(sums["tail"], by)
      sums["correct"] = .integer(try #require(sums["correct"]?.integer) + by)
      event[set] = .object(sums)
      events[index] = .object(event)
    }
  }

  @Test func figuresThatTheWeightsDoNotGive() throws {
    try withRun { run in
      try edit(run, 5, "test")
      let last = try difference(audit(run))
      #expect(last.step == 18 && last.what.contains("of the final weights,"))
      #expect(last.what.contains("test images of class 3 are classified correctly,"))
      let drawn = try difference(audit(run, epochs: 0, segments: 3))
      #expect(drawn.step == 18 && !drawn.what.contains("final weights"))
      try edit(run, 0, "test")
      #expect(try difference(audit(run)).step == 3)
    }
    // The counts that select an epoch are of images without their mirrored ones.
    try withRun(selecting: 2) { run in
      #expect(try audit(run).outcome == .reproduced)
      try edit(run, 5, "test_plain")
      #expect(try difference(audit(run)).what.contains("plain test images of class 3"))
    }
    try withRun { run in
      try forge(run) { events in
        let index = try #require(events.lastIndex { $0["event"] == "epoch" })
        var event = try #require(events[index].object)
        #expect(event["training_pictures"] != nil)
        var sums = try #require(event["training_pictures"]?.object)
        var rows = try #require(sums["per_class"]?.array)
        let correct = try #require(rows[3]["correct"]?.integer)
        let other = 1 - correct
        rows[3] = ["correct": .integer(other), "samples": 1]
        sums["per_class"] = .array(rows)
        sums["tail"] = ["correct": .integer(other), "samples": 1]
        sums["correct"] = .integer(try #require(sums["correct"]?.integer) + other - correct)
        event["training_pictures"] = .object(sums)
        events[index] = .object(event)
      }
      #expect(try difference(audit(run)).what.contains("training images of class 3"))
    }
  }

  /// Another learning rate under the recipe's name: the first step already tells.
  @Test func aRunOfAnotherRecipe() throws {
    try RunComparisonTests.inDirectory { folder in
      let run = RunDirectory(folder.appendingPathComponent("run"))
      try Self.trainer(Self.recipe(rate: 0.2)).run(in: run)
      var fields = try #require(JSON(contentsOf: run.record).object)
      fields[SealedJSON.key] = nil
      fields["recipe"] = Self.recipe(rate: 0.1).json
      try AtomicFile.write(SealedJSON.sealed(.object(fields)), to: run.record)
      try Sealing.close(run)
      let found = try difference(audit(run))
      #expect(found.step == 1 && found.lastAgreeing == nil)
      fields["initial_parameters_sha256"] = .string(Digest(of: "forged").hex)
      try AtomicFile.write(SealedJSON.sealed(.object(fields)), to: run.record)
      try Sealing.close(run)
      #expect(try difference(audit(run)).step == 0)
    }
  }

  /// A run that was honest but for one jump: after epoch 3 its weights are exchanged, its links are made anew from there
  /// on, and everything else is trained and sealed as it should be.
  @Test func aForgedSegmentIsCaughtWhereItIsDrawnAndNamesItsTensor() throws {
    try RunComparisonTests.inDirectory { folder in
      let run = RunDirectory(folder.appendingPathComponent("run"))
      let trainer = Self.trainer(keeping: 1)
      var steps = 0
      #expect(throws: Interrupted.self) {
        try trainer.run(in: run, isCancelled: { steps == 9 }) { if case .step = $0 { steps += 1 } }
      }
      let network = Self.recipe().architecture.network(classes: 4)
      let sidecar = run.sidecar(step: 9)
      var saved = try Checkpoint<Float>(sidecar: sidecar, network: network)
      let honest = saved.state.digest.hex
      let place = try #require(network.layout.index(of: "layer2.0.conv1.weight"))
      let offset = network.layout.segments[place].offset
      saved.state.parameters.flat.withMutablePointer { $0[offset + 5] += 0.25 }
      saved.state.digest = try #require(saved.state.previousDigest)
      saved.state.extendDigestChain(ruleState: saved.state.ruleState)
      #expect(saved.state.isLinked == true)
      let text = try String(contentsOf: run.metrics, encoding: .utf8)
      let forged = Data(text.replacingOccurrences(of: honest, with: saved.state.digest.hex).utf8)
      try forged.write(to: run.metrics)
      saved.metrics = LineLog.Position(length: forged.count, digest: Digest(of: forged))
      try saved.write(sidecar: sidecar)
      try trainer.run(in: run, resume: true)
      #expect(try RecordedRun(run).state == .finished)
      let all = try difference(audit(run, epochs: 0, segments: 6))
      #expect(all.step == 9 && all.lastAgreeing == 8)
      #expect(all.tensor?.step == 9 && all.tensor?.difference.name == "layer2.0.conv1.weight")
      #expect(all.tensor?.difference.differing == 1)
      // Every other segment is what it says; so one draw of six catches it once in six.
      var caught = 0
      for seed in 0..<24 {
        let report = try audit(run, epochs: 0, segments: 1, seed: UInt64(seed))
        let holdsIt = report.segments == [2..<3]
        #expect(report.exitCode == (holdsIt ? 1 : 0), "\(report.lines)")
        if holdsIt { caught += 1 }
      }
      #expect(caught > 0 && caught < 12)
    }
  }

  /// Tensors beside a sidecar that was sealed anew over them: the link speaks, wherever the files come from.
  @Test func aCheckpointFromElsewhere() throws {
    try withRun { run in
      let elsewhere = run.url.deletingLastPathComponent().appendingPathComponent("elsewhere")
      try FileManager.default.moveItem(at: run.checkpoints, to: elsewhere)
      #expect(try audit(run, epochs: 0, segments: 3, checkpoints: elsewhere).outcome == .reproduced)
      let network = Self.recipe().architecture.network(classes: 4)
      let sidecar = elsewhere.appendingPathComponent(RunDirectory.sidecarName(step: 6))
      let whole = try Checkpoint<Float>(sidecar: sidecar, network: network)
      var other = whole
      other.state.parameters.flat.withMutablePointer { $0[3] += 0.5 }
      try other.write(sidecar: sidecar)
      let found = try difference(audit(run, epochs: 0, segments: 3, checkpoints: elsewhere))
      // The first segment ends in it.
      #expect(found.step == 6 && found.what == "the tensors of the checkpoint after it do not give its link")
      #expect(found.tensor?.difference.differing == 1)
      // A sidecar of before the link before was kept is taken at its word, and that is said.
      other = whole
      other.state.previousDigest = nil
      try other.write(sidecar: sidecar)
      let old = try audit(run, epochs: 0, segments: 3, checkpoints: elsewhere)
      #expect(old.outcome == .reproduced && old.notes.count == 1 && old.notes[0].contains("after step 6"))
      // Damaged files are bad data, and no verdict on the run.
      try Data("{".utf8).write(to: sidecar)
      #expect(throws: DataError.self) { try audit(run, epochs: 0, segments: 3, checkpoints: elsewhere) }
    }
  }

  @Test func whatCannotBeCheckedSaysWhy() throws {
    func reason(_ report: AuditReport) -> String {
      guard case .notCheckable(let reason) = report.outcome else { return "\(report.lines)" }
      #expect(report.exitCode == 2 && report.lines == ["not checkable: \(reason)"])
      return reason
    }
    try withRun(keeping: 0) { run in
      #expect(try reason(audit(run, segments: 1)).contains("train --keep-every N keeps them"))
      #expect(try audit(run).outcome == .reproduced)
      let none = try RunAudit(run).report(RunAudit.Request()) {
        throw MissingError(what: "the place of noise's images", advice: "give it")
      }
      #expect(reason(none).contains("the place of noise's images"))
      let other = LongTailedData(
        name: "noise", train: TrainingGoldenTests.images([6, 3, 2, 1], index: 7), test: Self.data.test,
        groups: Self.data.groups)
      #expect(try reason(audit(run, data: other)).contains("other pixels at the same positions"))
      let direct = try convolving(EK_CONVOLUTION_DIRECT) { try reason(audit(run)) }
      #expect(direct.contains("trained under contract 2, and contract 2 direct is in force here"))
    }
    try withRun { run in
      let empty = run.url.deletingLastPathComponent()
      let missing = try reason(audit(run, epochs: 0, segments: 3, checkpoints: empty))
      #expect(missing.contains("epochs 3 to 4 were drawn, and the checkpoint after step 6 is not in"))
      try Sealing.open(run)
      try Data().write(to: run.metrics)
      #expect(try reason(audit(run)).contains("no epoch of it is on record"))
    }
  }

  @Test func itCanBeCancelled() throws {
    try withRun { run in
      var seen: [RunAudit.Progress] = []
      #expect(throws: RunAudit.Cancelled.self) {
        try RunAudit(run).report(
          RunAudit.Request(epochs: 6), images: { Self.data }, isCancelled: { seen.count == 4 },
          progress: { seen.append($0) })
      }
      #expect(seen.map(\.done) == [0, 1, 2, 3] && seen.allSatisfy { $0.total == 18 })
      #expect(seen.map(\.label) == ["epoch 1", "epoch 1", "epoch 1", "epoch 2"])
    }
  }
}
