import EscapementArtifacts
import Foundation
import Testing
import EscapementTraining

@testable import EscapementVerification

/// Runs whose files contradict their recipe, their data or another run: each is refused by its cause.
@Suite struct RunRefusalTests {
  /// The standing of one run in a folder; it must be one line.
  private func standing(_ run: SyntheticRun) throws -> String {
    try RunArchiveTests.withFolder { folder in
      try run.write(in: folder, as: "a")
      let entry = try #require(try RunArchive(reading: [folder]).entries.first)
      #expect(!entry.standing.text.contains("\n"))
      return entry.standing.text
    }
  }

  private func cifar(published: Bool = true) throws -> SyntheticRun {
    var run = try SyntheticRun("cifar10-lt100/ce-drw", seed: 0)
    run.isPublished = published
    return run
  }

  @Test func asTrainWritesThemTheyCount() throws {
    for preset in ["cifar10-lt100/ce-drw", "fixture/ce-drw", "cifar10-lt100/ce-drw-sam"] {
      #expect(try standing(SyntheticRun(preset, seed: 1)) == "counts for \(preset)")
    }
    #expect(try standing(cifar(published: false)) == "counts for cifar10-lt100/ce-drw")
  }

  private static let records: [(String, JSON, String)] = [
    (
      "groups.mid", [2, 3, 4, 5, 6], "groups.mid: found class 2, expected a class that is in no other"
    ),
    ("groups.tail", [8, 9], "groups.tail: found [8, 9], expected [7, 8, 9], the tail of cifar10-lt100"),
    ("groups.head", [0, 0, 1], "expected different classes below 10"),
    (
      "class_counts", [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 51],
      "class_counts: found 51 images of class 9, expected the 50 of cifar10-lt100"
    ),
    ("class_counts", [5000, 50], "class_counts: found 2 classes, expected the 10"),
    ("class_counts", [5000, -1], "class_counts[1]: found -1"),
    (
      "test_samples", 1000,
      "test_samples: found 1000 images, expected the 10000 of cifar10-lt100's test set"
    ),
    ("provenance.data", "cifar10-lt50", "provenance.data: found cifar10-lt50, expected cifar10-lt100"),
    ("provenance.train.name", "cifar100", "provenance.train.name: found cifar100, expected cifar10"),
    ("provenance.train.pictures", 12_405, "provenance.train.pictures: found 12405, expected 12406"),
    ("provenance.test.counts", [1000], "provenance.test.counts: found 1 classes"),
    (
      "provenance.test.source_sha256", .string(Digest(of: "mine").hex),
      "expected 8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b, that of cifar10"
    ),
    ("provenance.test.kind", "other", "expected another than that of the published images"),
  ]

  @Test(arguments: records)
  func recordsThatAreNotOfTheirData(_ key: String, _ value: JSON, _ cause: String) throws {
    var run = try cifar()
    run.faults = [key: value]
    let text = try standing(run)
    #expect(text.hasPrefix("not counted: damaged: ") && text.contains(cause), "\(text)")
  }

  @Test func aFixtureIsNeverPublished() throws {
    var run = try SyntheticRun("fixture/ce", seed: 0)
    run.faults = ["provenance.train.kind": "published"]
    #expect(try standing(run).contains("provenance.train.kind: found \"published\", expected \"synthetic\""))
    run.faults = ["provenance.train.source_sha256": .string(Digest(of: "mine").hex)]
    #expect(try standing(run).contains("provenance.train.source_sha256: found"))
  }

  private static let epochs: [(String, JSON, String)] = [
    ("step", 98, "step: found 98, expected 97: 1 epochs of 97 steps of 128 of 12406 images"),
    ("train.steps", 96, "train.steps: found 96, expected 97"),
    ("train.steps", .string("nan"), "train.steps: found a string, expected an integer"),
    ("train.skipped", 98, "98 steps skipped"),
    ("train.samples", 12_405, "train.samples: found 12405, expected 12406"),
    ("train.evaluations", 194, "train.evaluations: found 194, expected 97, as ce-drw asks for in 97 steps"),
    ("train.loss", .string("nan"), "train.loss: found nan, expected a finite number"),
    ("train.loss", .string("inf"), "train.loss: found inf, expected a finite number"),
    ("test.not_a_number", 3, "test.not_a_number: found 3, expected 0"),
  ]

  @Test(arguments: epochs)
  func epochsThatNoRunHas(_ key: String, _ value: JSON, _ cause: String) throws {
    var run = try cifar()
    run.epochFaults = [key: value]
    let text = try standing(run)
    #expect(text.hasPrefix("not counted: damaged: ") && text.contains(cause), "\(text)")
  }

  /// An image moved from one class to another leaves every sum as it was.
  @Test func testImagesOfAClass() throws {
    try RunArchiveTests.withFolder { folder in
      let run = try cifar().write(in: folder, as: "a")
      var changed = try String(contentsOf: run.metrics, encoding: .utf8)
      for samples in [999, 1001] {
        let place = try #require(changed.range(of: "\"samples\":1000}"))
        changed.replaceSubrange(place, with: "\"samples\":\(samples)}")
      }
      try Data(changed.utf8).write(to: run.metrics)
      let standing = try RunArchive(reading: [folder]).entries[0].standing.text
      #expect(standing.contains("per_class[0]: found 999 images, expected the 1000 of the test set"))
    }
  }

  /// One evaluation a step for SGD, two for SAM, and so on: SAM's figures under SGD's record are not SGD's.
  @Test func evaluationsAreTheRules() throws {
    let rules: [(OptimizerChoice, Int)] = [
      (.sgd, 1), (.sam(rho: .constant(0.07), variant: .released), 2),
      (.imbSAM(rho: .constant(0.07), eta: 100, normalization: .wholeBatch), 3),
      (.sseSAM(rhoHead: .constant(0.07), rhoTail: .constant(0.2), stageFraction: 0.5, eta: 100), 4),
      (.lpfSGD(radius: 0.013, shards: 8, holding: .even), 8), (.pgd(sigma: 0.013, variant: .gradient), 1),
    ]
    for (rule, count) in rules {
      #expect(rule.evaluations(steps: 97, after: 970) == 97 * count)
      var run = try cifar()
      run.recipe.optimizer = rule
      #expect(try standing(run).hasPrefix("not counted: its recipe") == (rule != .sgd))
      run.epochFaults = ["train.evaluations": .integer(97 * (count == 1 ? 2 : 1))]
      #expect(try standing(run).contains("expected \(97 * count), as "))
    }
    let look = OptimizerChoice.lookSAM(rho: .constant(0.1), period: 5, alpha: 0.7)
    // Steps 3 to 12 hold the multiples 5 and 10; steps 0 to 9 the multiples 0 and 5.
    #expect(look.evaluations(steps: 10, after: 3) == 12 && look.evaluations(steps: 10, after: 0) == 12)
    #expect(look.evaluations(steps: 3, after: 6) == 3)
  }

  /// A copy under another seed is one sample more only by its name.
  @Test func copiesUnderAnotherSeed() throws {
    try RunArchiveTests.withFolder { folder in
      let run = try cifar()
      let original = try run.write(in: folder, as: "a")
      var copy = run
      copy.recipe.seed = 1
      func refusal() throws -> String {
        let error = try #require(throws: DataError.self) { try RunArchive(reading: [folder]) }
        #expect(error.exitCode == 65 && error.description.contains(folder.path + "/a"))
        return error.found
      }
      // The metrics as they are: its digests are those of seed 0.
      let other = try copy.write(in: folder, as: "b")
      #expect(try RunArchive(reading: [folder]).counted.count == 2)
      try FileContents.read(original.metrics).write(to: other.metrics)
      #expect(try refusal().hasPrefix("the digests of "))
      let store = EvidenceFolder(folder.appendingPathComponent("kept"))
      _ = try store.add(original)
      let late = try #require(throws: DataError.self) { try store.add(other) }
      #expect(late.found.hasPrefix("the digests of ") && late.file == other.url.path)
      // With digests of its own it still has the losses and counts of seed 0.
      copy.epochFaults = ["train.loss": 1.5]
      try copy.write(in: folder, as: "b")
      #expect(try refusal().hasPrefix("the figures of "))
    }
  }
}
