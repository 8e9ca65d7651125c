@testable import EscapementGoldens
import EscapementArtifacts
import Foundation
import EscapementTestSupport
import Testing
import EscapementTraining

@testable import EscapementVerification

@Suite struct GoldenFailureTests {
  static let values: [GoldenValue] = [
    .exact("loss", 1.5), .integer("count", 3), .near("peer", 2, tolerance: 0.25, because: "another library"),
    .near("float", Float(1), ulps: 2, because: "two roundings"),
    .near("ratio", 100, relative: 0.01, because: "one per cent of it"),
    .sample("seeds", [1, 2, 3, 4], level: 0.05, because: "four seeds"),
  ]
  static let record = GoldenRecord(reason: "r", provenance: ["data": "a"], values: values)

  static func failures(_ values: [GoldenValue], _ provenance: [String: String] = ["data": "a"]) -> [String] {
    GoldenComparison(values, provenance: provenance, with: record)?.failures.map(\.text) ?? []
  }

  /// Each way to differ has its own line, and only its own.
  @Test func everyKindOfFailureHasItsLine() {
    #expect(Self.failures(Self.values) == [])
    #expect(
      Self.failures(Self.values, ["data": "b"])
        == ["stale: the record was made with data a, the case now has b"])
    #expect(
      Self.failures(Self.values, [:]) == ["stale: the record was made with data a, the case now has (none)"])
    #expect(
      Self.failures(Array(Self.values.dropLast())) == [
        "length: 6 values on record, 5 computed", "missing keys: 1 on record and not computed: seeds",
      ])
    #expect(
      Self.failures(Self.values + [.integer("more", 1)]) == [
        "length: 6 values on record, 7 computed", "extra keys: 1 computed and not on record: more",
      ])
    var renamed = Self.values
    renamed[1].name = "number"
    #expect(
      Self.failures(renamed) == [
        "missing keys: 1 on record and not computed: count",
        "extra keys: 1 computed and not on record: number",
      ])
    var swapped = Self.values
    swapped.swapAt(0, 1)
    #expect(Self.failures(swapped) == ["order: value 1 is loss on record, count was computed"])
    var changed = Self.values
    changed[0] = .exact("loss", (1.5).nextUp)
    changed[1] = .integer("count", 4)
    let text = Self.failures(changed)
    #expect(text.count == 1 && text[0].hasPrefix("values: 2 of 6 differ, first value 1, loss"))
    #expect(text[0].contains("1 ulp apart"))
  }

  /// The decimals are for people, who must not read another number than the one that is compared.
  @Test func aDecimalThatContradictsItsBitsIsRefused() throws {
    let record = GoldenRecord(
      reason: "r", provenance: [:], values: Self.values + [.series("losses", [Float(0.5), 0.25])])
    let text = record.json.canonical()
    _ = try GoldenRecord(json: JSON(parsing: Data(text.utf8), file: "g"), file: "g")
    for (place, from, to) in [
      ("values[0].decimal", "\"decimal\":1.5", "\"decimal\":1.25"),
      ("values[2].decimal", "\"decimal\":2.0", "\"decimal\":2.5"),
      ("values[3].decimal", "\"decimal\":1.0", "\"decimal\":\"1\""),
      ("values[4].decimal", "\"decimal\":100.0", "\"decimal\":null"),
      ("values[5].decimals[1]", "\"decimals\":[1.0,2.0,", "\"decimals\":[1.0,3.0,"),
      ("values[5].decimals", "\"decimals\":[1.0,2.0,3.0,4.0]", "\"decimals\":[1.0,2.0,3.0]"),
      ("values[6].series[1]", "0x3e800000 0.25", "0x3e800000 0.125"),
    ] {
      #expect(text.contains(from), "\(from) in \(text)")
      let edited = try JSON(parsing: Data(text.replacing(from, with: to).utf8), file: "g")
      let error = #expect(throws: DataError.self) { try GoldenRecord(json: edited, file: "g") }
      #expect(error?.place == place && error?.exitCode == 65, "\(error.debugDescription)")
    }
  }

  @Test func everyModeHasALimitAndAReason() {
    let modes = ["exact", "exact", "absolute", "ulp", "relative", "statistical"]
    #expect(Self.values.map(\.mode) == modes && Self.values.allSatisfy { !$0.reason.isEmpty })
    func accepts(_ index: Int, _ found: GoldenValue) -> Bool { Self.values[index].accepts(found) }
    func ulps(_ value: Float, _ count: UInt64 = 2, _ reason: String = "two roundings") -> GoldenValue {
      .near("float", value, ulps: count, because: reason)
    }
    #expect(accepts(3, ulps(Float(1).nextUp.nextUp)) && !accepts(3, ulps(Float(1).nextUp.nextUp.nextUp)))
    #expect(accepts(3, ulps(Float(1).nextDown.nextDown)) && !accepts(3, ulps(.nan)))
    #expect(!accepts(3, ulps(1, 3)) && !accepts(3, ulps(1, 2, "otherwise")), "a run may not widen it")
    #expect(!accepts(3, .near("float", 1.0, ulps: 2, because: "two roundings")), "types differ")
    func relative(_ value: Double, _ bound: Double = 0.01) -> GoldenValue {
      .near("ratio", value, relative: bound, because: "one per cent of it")
    }
    #expect(accepts(4, relative(101)) && !accepts(4, relative(101.0001)) && accepts(4, relative(99)))
    #expect(!accepts(4, relative(.nan)) && !accepts(4, relative(100, 1)))
    func sample(_ values: [Double], _ level: Double = 0.05) -> GoldenValue {
      .sample("seeds", values, level: level, because: "four seeds")
    }
    #expect(accepts(5, sample([1.1, 2.2, 2.9, 3.7])) && accepts(5, sample([1, 2, 3, 4])))
    // Means 2.5 and 6.5, both of s²/n = 5/12: t = 4.4 on 6 degrees, p = 0.005.
    #expect(!accepts(5, sample([5, 6, 7, 8])) && !accepts(5, sample([1, 2, 3, 4], 0.1)))
    #expect(!accepts(5, sample([1, 2, 3, .nan])) && !accepts(5, sample([])))
    let constant = GoldenValue.sample("c", [2, 2], level: 0.05, because: "r")
    #expect(constant.accepts(.sample("c", [2, 2], level: 0.05, because: "r")))
    #expect(!constant.accepts(.sample("c", [3, 3], level: 0.05, because: "r")), "no spread, another mean")
  }

  @Test func everyModeSurvivesItsFile() throws {
    var record = Self.record
    record.accepted = .init(who: "A. Author", what: "first record of 6 values")
    let text = record.json.canonical(pretty: true)
    let back = try GoldenRecord(json: JSON(parsing: Data(text.utf8), file: "f"), file: "f")
    #expect(back == record)
    var chains: Set<String> = [record.chain.hex]
    for edited in [
      GoldenValue.near("float", Float(1), ulps: 3, because: "two roundings"),
      .near("ratio", 100, relative: 0.02, because: "one per cent of it"),
      .sample("seeds", [1, 2, 3, 5], level: 0.05, because: "four seeds"),
      .sample("seeds", [1, 2, 3, 4], level: 0.01, because: "four seeds"),
    ] {
      var other = record
      let index = try #require(other.values.firstIndex { $0.name == edited.name })
      other.values[index] = edited
      chains.insert(other.chain.hex)
    }
    #expect(chains.count == 5, "an edited tolerance changes the chain")
    for (good, bad) in [
      ("\"ulps\": \"2\"", "\"ulps\": \"-2\""),
      ("\"level\": \"0x3fa999999999999a\"", "\"level\": \"0x4000000000000000\""),
      ("\"who\": \"A. Author\"", "\"whom\": \"A. Author\""),
    ] {
      #expect(text.contains(good), "\(good)")
      let damaged = text.replacing(good, with: bad)
      #expect(throws: DataError.self, "\(bad)") {
        try GoldenRecord(json: JSON(parsing: Data(damaged.utf8), file: "f"), file: "f")
      }
    }
  }

  /// Who, what and why stand in the file.
  @Test func acceptanceIsOnRecord() throws {
    try GoldenTests.withStore { store in
      let first = try store.accept(GoldenTests.decay(0.75), reason: "first", who: "A. Author")
      #expect(first.accepted == .init(who: "A. Author", what: "first record of 33 values"))
      let second = try store.accept(GoldenTests.decay(0.5, steps: 20), reason: "second", who: "B. Author")
      // The end, the count, the number in Double, and every step but none that agrees.
      #expect(second.accepted?.what == "of 33 values: 23 changed, 10 removed")
      #expect(try GoldenRecord(contentsOf: store.url(of: GoldenTests.decay(0.5))) == second)
      let third = try store.accept(GoldenTests.decay(0.5, steps: 20), reason: "third")
      #expect(third.accepted == .init(who: "unknown", what: "of 23 values: none changed"))
      try Data("damaged".utf8).write(to: store.url(of: GoldenTests.decay(0.5)))
      let fourth = try store.accept(GoldenTests.decay(0.5), reason: "fourth")
      #expect(fourth.accepted?.what.contains("damaged") == true)
    }
  }

  /// A failed check can leave what it computed beside the record; one that agrees, or an acceptance, removes it.
  @Test func receivedValuesComeAndGo() throws {
    try GoldenTests.withStore { store in
      let golden = GoldenTests.decay(0.75)
      let received = store.receivedURL(of: golden)
      #expect(received.lastPathComponent == "decay.received.json")
      func exists() -> Bool { FileManager.default.fileExists(atPath: received.path) }
      try store.accept(golden, reason: "first")
      let failed = try store.examine(GoldenTests.decay(0.5))
      #expect(!failed.outcome.agrees && !exists(), "examining does not write")
      #expect(try store.keep(failed, of: golden) == received && exists())
      #expect(try GoldenRecord(contentsOf: received).values == GoldenTests.decay(0.5).compute())
      #expect(try store.unreferenced(by: [golden]) == [], "it waits for its reader")
      #expect(try store.keep(store.examine(golden), of: golden) == nil && !exists())
      try store.keep(failed, of: golden)
      try store.accept(GoldenTests.decay(0.5), reason: "second")
      #expect(!exists())
    }
  }

  @Test func unreferencedFilesAreListed() throws {
    try GoldenTests.withStore { store in
      #expect(try store.unreferenced(by: []) == [])
      let golden = GoldenTests.decay(0.75)
      try store.accept(golden, reason: "first")
      for name in ["recurrence/growth.json", "claims.json", "old/decay.json"] {
        let file = store.root.appendingPathComponent(name)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data("{}".utf8).write(to: file)
      }
      let found = try store.unreferenced(by: [golden], others: ["claims.json"])
      #expect(found == ["old/decay.json", "recurrence/growth.json"])
    }
  }

  @Test func continuousIntegrationIsToldByCI() {
    #expect(GoldenStore.isContinuousIntegration(["CI": "true"]))
    #expect(GoldenStore.isContinuousIntegration(["CI": "1"]))
    #expect(!GoldenStore.isContinuousIntegration(["CI": ""]) && !GoldenStore.isContinuousIntegration([:]))
  }

  /// A golden run that goes wrong shows step, rung and tensor.
  @Test func aTrainingCaseShowsItsLadder() throws {
    let sam = TrainingGoldenTests.golden(.sam(rho: .constant(0.5), variant: .released))
    let record = GoldenRecord(reason: "r", provenance: sam.provenance, values: try sam.compute())
    func comparison(_ golden: GoldenCase) throws -> GoldenComparison {
      try #require(GoldenComparison(golden.compute(), provenance: sam.provenance, with: record))
    }
    let unweighted = try comparison(
      TrainingGoldenTests.golden(.sam(rho: .constant(0.5), variant: .released), drwEpoch: nil))
    let trace = try #require(unweighted.trace)
    #expect(trace.first?.rung == .forward && trace.firstDivergentStep?.step == 4)
    #expect(trace.firstTensor?.place.step == 4 && trace.firstTensor?.name == "conv1.weight")
    #expect(trace.seriesRows().map { $0[0] } == ["1", "2", "3", "4", "5"])
    #expect(unweighted.lines.contains { $0.contains("first divergent step: 4; first to differ: forward") })
    let radius = try comparison(TrainingGoldenTests.golden(.sam(rho: .constant(0.25), variant: .released)))
    #expect(radius.trace?.first?.rung == .rho)
    let seeded = try sam.compute().map { value in
      value.name.hasSuffix("order") ? GoldenValue(name: value.name, content: .text("another")) : value
    }
    let order = try #require(GoldenComparison(seeded, provenance: sam.provenance, with: record))
    #expect(order.trace?.first?.rung == .order && order.trace?.ladder[1].difference?.place.step == 1)
  }
}
