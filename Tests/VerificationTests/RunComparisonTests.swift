@testable import EscapementGoldens
import EscapementArtifacts
import Foundation
import EscapementLongTail
import EscapementNetworks
import EscapementTestSupport
import Testing
import EscapementTraining

@testable import EscapementVerification

/// Runs of a tiny network: three epochs of three steps.
@Suite struct RunComparisonTests {
  static func recipe() -> Recipe {
    Recipe(
      preset: "test/comparison", architecture: Architecture(.cifarResNet(depth: 8), width: 2)!, data: "noise",
      epochs: 3, batchSize: 4, schedule: LearningRateSchedule(base: 0.1, warmupEpochs: 1, milestones: []),
      weighting: .deferred(start: 1), optimizer: .sam(rho: .constant(0.5), variant: .released))
  }

  static func run(
    _ recipe: Recipe = recipe(), in directory: URL, _ name: String, every interval: Int = 1
  ) throws -> RunDirectory {
    let run = RunDirectory(directory.appendingPathComponent(name))
    var options = TrainingOptions()
    options.metricsEvery = interval
    try Trainer<Float>(recipe: recipe, data: TrainingGoldenTests.data, options: options).run(in: run)
    return run
  }

  static func inDirectory(_ body: (URL) throws -> Void) throws {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    try body(directory.url)
  }

  @Test func aRepeatedRunIsTheSame() throws {
    try Self.inDirectory { directory in
      let comparison = try RunComparison(Self.run(in: directory, "a"), Self.run(in: directory, "b"))
      #expect(comparison.agrees && comparison.records.isEmpty)
      #expect(comparison.checkpoints == .agrees(steps: [6, 9]))
      #expect(comparison.trace.places.count == 9 + 3 && comparison.lines.last == "the same")
      #expect(comparison.trace.ladder.allSatisfy { $0.word == "agrees" }, "every rung is on record")
      // How often something is written is no part of a run.
      let sparse = try Self.run(in: directory, "sparse", every: 2)
      let other = try RunComparison(RunDirectory(directory.appendingPathComponent("a")), sparse)
      #expect(other.agrees && other.records.map(\.place) == ["metrics_every"])
      // The same bits under another name are another recipe's.
      var renamed = Self.recipe()
      renamed.preset = "test/renamed"
      let named = try RunComparison(
        RunDirectory(directory.appendingPathComponent("a")), Self.run(renamed, in: directory, "renamed"))
      #expect(named.trace.agrees && named.checkpoints == .agrees(steps: [6, 9]))
      #expect(!named.agrees && named.records.map(\.place) == ["recipe.preset"])
    }
  }

  /// One value of the recipe changes; the first rung, the first step and the record say which.
  @Test func aChangedRecipeIsFoundOnItsRung() throws {
    try Self.inDirectory { directory in
      let base = try Self.run(in: directory, "base")
      func compare(_ name: String, _ change: (inout Recipe) -> Void) throws -> RunComparison {
        var recipe = Self.recipe()
        change(&recipe)
        return try RunComparison(base, Self.run(recipe, in: directory, name))
      }
      let seed = try compare("seed") { $0.seed = 1 }
      #expect(seed.trace.first?.rung == .order && seed.records.map(\.place) == ["recipe.seed"])
      #expect(seed.trace.ladder[2].difference != nil, "other initial parameters")
      let rate = try compare("rate") {
        $0.schedule = LearningRateSchedule(
          base: 0.1, warmupEpochs: 1, milestones: [.init(epoch: 2, factor: 0.1)])
      }
      #expect(rate.trace.first?.rung == .rate && rate.trace.firstDivergentStep?.step == 7)
      let radius = try compare("rho") { $0.optimizer = .sam(rho: .constant(0.25), variant: .released) }
      #expect(radius.trace.first?.rung == .rho && radius.trace.firstDivergentStep?.step == 1)
      let weights = try compare("weights") { $0.weighting = nil }
      #expect(weights.trace.first?.rung == .forward && weights.trace.firstDivergentStep?.step == 4)
      let statistics = try compare("statistics") {
        $0.optimizer = .sam(rho: .constant(0.5), variant: .recommended)
      }
      #expect(statistics.trace.first?.rung == .update && statistics.trace.firstDivergentStep?.step == 1)
      for comparison in [seed, rate, radius, weights, statistics] {
        #expect(!comparison.agrees && comparison.lines.last == "different")
        #expect(comparison.trace.sharpness == nil)
        guard case .differs = comparison.checkpoints else {
          Issue.record("the tensors of step 6 agree: \(comparison.checkpoints.text)")
          continue
        }
      }
      let batch = try compare("batch") { $0.batchSize = 6 }
      #expect(batch.trace.first?.rung == .order, "the same order in other batches")
    }
  }

  /// One bit of one element of one tensor of one checkpoint.
  @Test func oneUlpInACheckpointIsFound() throws {
    try Self.inDirectory { directory in
      let base = try Self.run(in: directory, "base")
      let other = try Self.run(in: directory, "other")
      let sidecar = other.sidecar(step: 9)
      let network = Self.recipe().architecture.network(classes: 4)
      let saved = try Checkpoint<Float>(sidecar: sidecar, network: network)
      let index = try #require(network.layout.index(of: "layer2.0.conv1.weight"))
      let position = network.layout.segments[index].offset + 5
      var bytes = try FileContents.read(sidecar.deletingPathExtension().appendingPathExtension("safetensors"))
      let tensors = try Safetensors(parsing: bytes, file: "t")
      let stored = try #require(tensors.tensors["layer2.0.conv1.weight"])
      // Layout [3, 3, 2, 4] puts element 5 at (0, 0, 1, 1), the file's [4, 2, 3, 3] at 1·18 + 1·9.
      var data = stored.data
      let offset = data.startIndex + 4 * 27
      let value = saved.state.parameters.flat.elements[position]
      #expect(
        data[offset..<offset + 4].elementsEqual(
          withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init)))
      data.replaceSubrange(
        offset..<offset + 4, with: withUnsafeBytes(of: value.nextUp.bitPattern.littleEndian, Array.init))
      var changed = tensors
      changed.tensors["layer2.0.conv1.weight"] = .init(dtype: stored.dtype, shape: stored.shape, data: data)
      bytes = changed.encoded()
      try bytes.write(to: sidecar.deletingPathExtension().appendingPathExtension("safetensors"))
      #expect(throws: DataError.self, "the sidecar's digest") { try RunComparison(base, other) }
      var fields = try #require(JSON(contentsOf: sidecar).object)
      fields["tensors_sha256"] = .string(Digest(of: bytes).hex)
      fields[SealedJSON.key] = nil
      try AtomicFile.write(SealedJSON.sealed(.object(fields)), to: sidecar)
      let comparison = try RunComparison(base, other)
      guard case .differs(let step, let difference) = comparison.checkpoints else {
        Issue.record("\(comparison.checkpoints.text)")
        return
      }
      #expect(step == 9 && difference.name == "layer2.0.conv1.weight" && difference.vector == "parameters")
      #expect(difference.ulps == 1 && difference.differing == 1 && difference.index == [0, 0, 1, 1])
      #expect(!comparison.agrees && comparison.trace.agrees, "the metrics know nothing of it")
    }
  }

  @Test func tornAndDamagedRecords() throws {
    try Self.inDirectory { directory in
      let base = try Self.run(in: directory, "base")
      let other = try Self.run(in: directory, "other")
      // A killed run may leave half a line: it is no damage, and the run is shorter.
      try Sealing.open(other)
      try FileContents.read(other.metrics).dropLast(30).write(to: other.metrics)
      let torn = try RunComparison(base, other)
      #expect(!torn.agrees && torn.trace.first == nil)
      #expect(torn.trace.right.points.count == torn.trace.left.points.count - 1)
      for (text, place) in [
        ("not JSON\n", "line 1"), ("{\"event\":\"step\"}\n", "step"), ("[]\n", "object"),
        ("{\"event\":\"step\",\"step\":2}\n{\"event\":\"step\",\"step\":2}\n", "ascending"),
        ("{\"event\":\"step\",\"step\":1,\"loss\":\"much\"}\n", "loss"),
      ] {
        try Data(text.utf8).write(to: other.metrics)
        let error = try #require(throws: DataError.self) { try RunComparison(base, other) }
        #expect(error.description.contains(place) && error.exitCode == 65, "\(error)")
      }
      try FileManager.default.removeItem(at: other.metrics)
      #expect(throws: DataError.self) { try RunComparison(base, other) }
      #expect(throws: MissingError.self) {
        try RunComparison(base, RunDirectory(directory.appendingPathComponent("none")))
      }
    }
  }

  /// Runs of before the two digests were recorded: settings stand in, and the ladder still ends.
  @Test func olderRecordsAreCompared() throws {
    try Self.inDirectory { directory in
      let base = try Self.run(in: directory, "base")
      let old = try Self.run(in: directory, "old")
      var fields = try #require(JSON(contentsOf: old.record).object)
      #expect(fields.removeValue(forKey: "initial_parameters_sha256") != nil)
      #expect(fields.removeValue(forKey: "first_order_sha256") != nil)
      // They stopped where they diverged, and had no seal.
      #expect(fields.removeValue(forKey: "on_divergence") == "stop")
      #expect(fields.removeValue(forKey: SealedJSON.key) != nil)
      fields["schema"] = 1
      try AtomicFile.write(JSON.object(fields), to: old.record)
      try Sealing.open(old)
      let comparison = try RunComparison(base, old)
      #expect(comparison.agrees)
      #expect(comparison.trace.ladder[2].compared == [.initialSettings])
    }
  }

  @Test func recordsDifferLeafByLeaf() {
    let a: JSON = ["recipe": ["x": 1, "deep": ["y": [1, 2]]], "element": "F32", "metrics_every": 1]
    let b: JSON = ["recipe": ["x": 1, "deep": ["y": [1, 3]]], "element": "F64", "extra": .null]
    let found = RecordDifference.all(between: a, and: b)
    #expect(found.map(\.place) == ["recipe.deep.y[1]", "element", "extra", "metrics_every"])
    #expect(found[0].left == "2" && found[0].right == "3" && found[2].left == nil)
    #expect(found.map(\.isOfRecording) == [false, false, false, true])
    #expect(RecordDifference.all(between: a, and: a).isEmpty)
  }
}
