@testable import EscapementGoldens
import EscapementOptimizers
import EscapementArtifacts
import CEscapementKernels
import Foundation
import EscapementKernels
import EscapementTestSupport
import Testing
import EscapementTraining

@testable import EscapementTesting

@Suite struct ExpectationTests {
  private static func check(
    _ series: [some GoldenMetric], in store: GoldenStore, _ environment: [String: String] = [:],
    tolerance: GoldenTolerance = .exact, provenance: [String: String] = [:], because reason: String = "first"
  ) throws {
    try GoldenExpectation(environment: environment).check(
      series, named: "losses", in: "mine", tolerance: tolerance, provenance: provenance, because: reason,
      store: store)
  }

  private static func withStore(_ body: (GoldenStore, URL, URL) throws -> Void) throws {
    let folder = try TemporaryDirectory(creating: false)
    defer { folder.remove() }
    let suite = folder.url.appendingPathComponent("mine")
    try body(
      GoldenStore(root: folder.url), suite.appendingPathComponent("losses.json"),
      suite.appendingPathComponent("losses.received.json"))
  }

  private static func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }

  /// Nothing is recorded unless asked for, and never in CI.
  @Test func recordingIsAskedFor() throws {
    try Self.withStore { store, record, received in
      let accept = ["ESCAPEMENT_ACCEPT": "1"]
      let first = try #require(throws: ExpectationFailure.self) { try Self.check([1.0, 0.5], in: store) }
      #expect(first.description.contains("missing") && first.description.contains("ESCAPEMENT_ACCEPT"))
      #expect(!Self.exists(record) && Self.exists(received))
      try FileManager.default.removeItem(at: store.root)
      let inCI = try #require(throws: ExpectationFailure.self) {
        try Self.check([1.0, 0.5], in: store, accept.merging(["CI": "true"]) { $1 })
      }
      #expect(inCI.description.contains("CI is set") && !Self.exists(store.root), "CI never writes")
      #expect(throws: ExpectationFailure.self) {
        try Self.check([1.0, 0.5], in: store, accept, because: " ")
      }
      #expect(!Self.exists(record), "a blank reason is none")
      try Self.check([1.0, 0.5], in: store, accept)
      #expect(try GoldenRecord(contentsOf: record).reason == "first" && !Self.exists(received))
      try Self.check([1.0, 0.5], in: store)
      try Self.check([1.0, 0.5], in: store, ["CI": "1"])
    }
  }

  /// A changed series needs a new reason; the failure shows where it parts.
  @Test func aChangeNeedsANewReason() throws {
    try Self.withStore { store, record, received in
      let accept = ["ESCAPEMENT_ACCEPT": "1"]
      try Self.check([1, 0.5, 0.25], in: store, accept)
      let before = try Data(contentsOf: record)
      for environment in [[:], accept, ["CI": "1"]] {
        let failure = try #require(throws: ExpectationFailure.self) {
          try Self.check([1, (0.5).nextUp, 0.25], in: store, environment)
        }
        #expect(failure.description.contains("value 2") && failure.description.contains("1 ulp apart"))
        #expect(
          failure.description.contains("<- on record 0.5") && failure.errorDescription == failure.description)
        #expect(try Data(contentsOf: record) == before)
        #expect(Self.exists(received) == (environment["CI"] == nil))
        try? FileManager.default.removeItem(at: received)
      }
      try Self.check([1, (0.5).nextUp, 0.25], in: store, accept, because: "a new rounding")
      #expect(try GoldenRecord(contentsOf: record).accepted?.what == "of 3 values: 1 changed")
      try Self.check([1, (0.5).nextUp, 0.25], in: store)
    }
  }

  /// What a check under one way of convolving says; nothing where it agrees or accepts.
  private static func findings(
    _ series: [Double], _ way: ek_convolution, in store: GoldenStore, _ environment: [String: String]
  ) -> [String] {
    do {
      try convolving(way) { try check(series, in: store, environment) }
      return []
    } catch { return (error as? ExpectationFailure)?.findings ?? ["\(error)"] }
  }

  /// A record of another contract is told in one line; one of an older contract is accepted anew under its own reason.
  @Test func anotherContract() throws {
    try Self.withStore { store, record, _ in
      let accept = ["ESCAPEMENT_ACCEPT": "1"]
      #expect(Self.findings([1, 0.5], EK_CONVOLUTION_DIRECT, in: store, accept) == [])
      #expect(
        Self.findings([2, 1], EK_CONVOLUTION_WINOGRAD, in: store, ["CI": "1"]) == [
          "another contract: the record was made under contract 2 direct, this is contract 2; set "
            + "ESCAPEMENT_CONVOLUTION=direct, or accept it again (CI is set: nothing is put on record here)"
        ])
      #expect(Self.findings([1, (0.5).nextUp], EK_CONVOLUTION_WINOGRAD, in: store, accept) == [])
      let what = try GoldenRecord(contentsOf: record).accepted?.what
      #expect(what == "of 2 values: 1 changed, contract 2 direct to 2")
      // Direct convolutions are the exception, and replace no record of the rule unasked.
      let refused = Self.findings([1, (0.5).nextUp], EK_CONVOLUTION_DIRECT, in: store, accept)
      #expect(refused.first?.contains("unset ESCAPEMENT_CONVOLUTION, or") == true)
    }
  }

  /// A run goes on record with every step, and a failure names the first step that differs and what differs there.
  @Test func aRunIsAGolden() throws {
    let folder = try TemporaryDirectory(creating: true)
    defer { folder.remove() }
    func trained(_ name: String, momentum: Double, metricsEvery: Int = 1) throws -> RunDirectory {
      var recipe = try Recipe.preset("fixture/ce").lasting(1)
      recipe.batchSize = 128
      var options = TrainingOptions()
      options.metricsEvery = metricsEvery
      recipe.optimizer = .custom(name: "plain")
      let run = RunDirectory(folder.url.appendingPathComponent(name))
      try Trainer(
        recipe: recipe, data: .fixture(), options: options,
        rule: SGD<Float>(momentum: momentum, weightDecay: recipe.weightDecay)
      ).run(in: run)
      return run
    }
    let store = GoldenStore(root: folder.url.appendingPathComponent("Golden"))
    func check(_ run: RunDirectory, _ environment: [String: String]) throws {
      try GoldenExpectation(environment: environment).check(
        of: run, named: "run", in: "mine", because: "first", store: store)
    }
    let first = try trained("first", momentum: 0.9)
    try check(first, ["ESCAPEMENT_ACCEPT": "1"])
    try check(try trained("again", momentum: 0.9), ["CI": "1"])
    let changed = try trained("changed", momentum: 0.5)
    let failure = try #require(throws: ExpectationFailure.self) { try check(changed, ["CI": "1"]) }
    // The first step has no momentum yet; the second applies it.
    #expect(failure.description.contains("first divergent step: 2; first to differ: update"), "\(failure)")
    let sparse = try trained("sparse", momentum: 0.9, metricsEvery: 2)
    let refused = try #require(throws: ExpectationFailure.self) { try check(sparse, ["CI": "1"]) }
    #expect(refused.description.contains("metricsEvery = 1"), "\(refused)")
  }

  @Test func lengthAndProvenanceCount() throws {
    try Self.withStore { store, _, _ in
      try Self.check([1, 2, 3], in: store, ["ESCAPEMENT_ACCEPT": "1"], provenance: ["problem": "quadratic"])
      func failure(_ series: [Int], _ provenance: [String: String]) throws -> String {
        try #require(throws: ExpectationFailure.self) {
          try Self.check(series, in: store, ["CI": "1"], provenance: provenance)
        }.description
      }
      #expect(
        try failure([1, 2], ["problem": "quadratic"]).contains("length: 3 values on record, 2 computed"))
      #expect(try failure([1, 2, 3, 4], ["problem": "quadratic"]).contains("extra keys"))
      #expect(try failure([1, 2, 3], ["problem": "other"]).contains("stale"))
    }
  }

  @Test func tolerancesHaveReasonsAndLimits() throws {
    let accept = ["ESCAPEMENT_ACCEPT": "1"]
    for (tolerance, near, far) in [
      (GoldenTolerance.ulps(1, because: "one rounding"), (2.0).nextUp, (2.0).nextUp.nextUp),
      (.absolute(0.5, because: "another library"), 2.5, 2.6),
      (.relative(0.25, because: "a coarse sum"), 2.5, 2.6),
    ] {
      try Self.withStore { store, _, _ in
        try Self.check([2.0], in: store, accept, tolerance: tolerance)
        try Self.check([near], in: store, tolerance: tolerance)
        #expect(throws: ExpectationFailure.self) { try Self.check([far], in: store, tolerance: tolerance) }
        #expect(throws: ExpectationFailure.self) {
          try Self.check([Double.nan], in: store, tolerance: tolerance)
        }
        #expect(throws: ExpectationFailure.self, "another mode") { try Self.check([2.0], in: store) }
      }
    }
    #expect(!GoldenTolerance.ulps(1, because: " ").hasReason && GoldenTolerance.exact.hasReason)
  }

  @Test func floatsAndDigestsAreSeries() throws {
    try Self.withStore { store, _, _ in
      try Self.check([Float(1), Float(0.1)], in: store, ["ESCAPEMENT_ACCEPT": "1"])
      try Self.check([Float(1), Float(0.1)], in: store)
      #expect(throws: ExpectationFailure.self, "a Double is no Float") {
        try Self.check([1.0, Double(Float(0.1))], in: store)
      }
    }
    try Self.withStore { store, _, _ in
      try Self.check([Digest(of: "a"), Digest(of: "b")], in: store, ["ESCAPEMENT_ACCEPT": "1"])
      try Self.check([Digest(of: "a"), Digest(of: "b")], in: store)
      #expect(throws: ExpectationFailure.self) {
        try Self.check([Digest(of: "a"), Digest(of: "c")], in: store)
      }
    }
  }

  /// The default store lies beside the file that calls.
  @Test func recordsLieBesideTheCaller() throws {
    let folder = try TemporaryDirectory()
    defer { folder.remove() }
    let failure = try #require(throws: ExpectationFailure.self) {
      try expectGolden(
        [1.0], named: "never-recorded", in: "mine", because: "", root: nil,
        file: folder.url.appendingPathComponent("MineTests.swift").path)
    }
    #expect(failure.description.contains("\(folder.url.path)/Golden/mine/never-recorded.json"))
  }

  @Test func lawsThrowOneReadableFailure() throws {
    let sam = try #require(RuleSubject.builtIn.first { $0.name == "sam" } ?? RuleSubject.builtIn.first)
    try expectLaws(of: sam, laws: [FiringLaw(), RecordLaw()])
    let idle = RuleSubject(
      "idle", { try SAM(base: $1, rho: 0 * $0.radius) }, { try SAM(base: $1, rho: 0 * $0.radius) })
    let failure = try #require(throws: ExpectationFailure.self) {
      try expectLaws(of: idle, laws: [FiringLaw()])
    }
    #expect(failure.expectation == "idle does not keep 1 of 1 laws" && failure.findings.count == 2)
    #expect(failure.description.contains("idle, ") && failure.description.contains("fails"))
  }
}
