@testable import EscapementGoldens
import EscapementArtifacts
import Testing

@testable import EscapementVerification

@Suite struct VerifierTests {
  struct Broken: Error {}

  @Test func outcomesFollowFromTheMeasurements() throws {
    let record = try SyntheticRecord.record(baseline: nil)
    #expect(record.entries.map(\.verdict.outcome) == [.supported, .conditional("x > 2"), .refuted])
    #expect(
      record.entries[2].verdict.summary
        == "1 of 1 judged quantities failed, first a quantity: 0.75, expected 0.25 ± 0.001")
  }

  @Test func nothingPassesUnmeasured() {
    var observed = Evidence()
    #expect(observed.verdict(ifAllHold: .supported, summary: "").outcome == .inconclusive)
    observed.observe("a number", 1, because: "")
    #expect(observed.verdict(ifAllHold: .supported, summary: "").outcome == .inconclusive)
    var empty = Evidence()
    empty.none("points", 0, of: 0, because: "none compared")
    #expect(empty.verdict(ifAllHold: .supported, summary: "").outcome == .refuted)
  }

  /// A refutation under a guess is inconclusive and says so; every other outcome, and one without a guess, stays.
  @Test func onlyARefutationIsCapped() throws {
    let outcomes: [Outcome] = [
      .supported, .conditional("c"), .consistent, .notConsistent, .inconclusive, .undetermined("u"),
      .notRun("n"), .refuted,
    ]
    let measurements = [Measurement(name: "x", value: 1, expectation: .atMost(0), reason: "")]
    for outcome in outcomes {
      let verdict = Verdict(outcome: outcome, measurements: measurements, summary: "s", details: ["d"])
      #expect(verdict.capped(by: []) == verdict)
      var expected = verdict
      if outcome == .refuted {
        expected.outcome = .undetermined("refuted only under the assumption: a guess; another")
      }
      #expect(verdict.capped(by: ["a guess", "another"]) == expected)
    }
    // A claim caps its own verdicts.
    for (assumptions, outcome) in [
      ([], Outcome.refuted), (["a guess"], .undetermined("refuted only under the assumption: a guess")),
    ] {
      let claim = SyntheticRecord.claim("E1", assumptions: assumptions) { _ in
        SyntheticRecord.verdict(0.75, .supported)
      }
      #expect(try claim.judge(ClaimContext()).outcome == outcome)
    }
  }

  @Test func notANumberHoldsNowhere() {
    let expectations: [EscapementVerification.Expectation] = [
      .equal(to: 0, within: .infinity), .atMost(1), .atLeast(-1), .between(-1, 1),
    ]
    for expectation in expectations {
      let measurement = Measurement(name: "x", value: .nan, expectation: expectation, reason: "")
      #expect(measurement.holds == false, "\(expectation)")
    }
    #expect(Worst.of(.nan, 1).isNaN && Worst.of(1, .nan).isNaN && Worst.of(2, 1) == 2)
  }

  @Test func exitCodes() throws {
    let same = try SyntheticRecord.record(baseline: SyntheticRecord.baseline)
    #expect(same.changes.isEmpty && same.exitCode == 0)
    #expect(try SyntheticRecord.record(baseline: nil).exitCode == 1, "refuted with nothing to compare")
    var other = SyntheticRecord.baseline
    other.entries["A2"] = .init(outcome: .conditional("x > 3"), procedureVersion: 1)
    let changed = try SyntheticRecord.record(baseline: other)
    #expect(changed.exitCode == 1)
    #expect(
      changed.changes.map(\.text)
        == ["A2: on record conditional (x > 3), now conditional (x > 2)"])
    other = SyntheticRecord.baseline
    other.entries["A1"] = nil
    #expect(
      try SyntheticRecord.record(baseline: other).changes.map(\.text)
        == ["A1: no verdict on record, now supported"])
    other = SyntheticRecord.baseline
    other.entries["B10"]?.procedureVersion = 2
    #expect(
      try SyntheticRecord.record(baseline: other).changes.map(\.text)
        == ["B10: procedure 2 on record, now 1"])
    let waiting = ClaimCatalog([
      SyntheticRecord.claim("E1") { _ in Verdict(outcome: .notRun("no runs"), measurements: [], summary: "") }
    ])
    let undecided = try Verifier(
      catalog: waiting, context: ClaimContext(), baseline: SyntheticRecord.baseline
    ).verify()
    #expect(undecided.changes.isEmpty && undecided.exitCode == 2, "undecided and never on record")
    let verifier = Verifier(
      catalog: SyntheticRecord.catalog, context: ClaimContext(), baseline: SyntheticRecord.baseline)
    #expect(try verifier.verify(tiers: [.large]).exitCode == 2, "nothing selected")
  }

  @Test func aProcedureThatThrowsDecidesNothing() throws {
    let catalog = ClaimCatalog([SyntheticRecord.claim("E1") { _ in throw Broken() }])
    let record = try Verifier(catalog: catalog, context: ClaimContext(), baseline: nil).verify()
    #expect(record.entries[0].verdict.outcome == .inconclusive)
    #expect(record.entries[0].verdict.summary.contains("Broken"))
    #expect(record.exitCode == 2)
    #expect(throws: BaselineRefusal.undecided(id: "E1", outcome: "inconclusive")) {
      try SyntheticRecord.baseline.accepting(record, reason: "why")
    }
  }

  @Test func selection() throws {
    let catalog = SyntheticRecord.catalog
    #expect(
      try catalog.selecting(ids: ["b10", "A1", "a1"], tiers: [.exact, .fixture]).map(\.id) == ["A1", "B10"])
    #expect(try catalog.selecting(ids: [], tiers: [.fixture]).map(\.id) == ["B10"])
    var heard: [String] = []
    let verifier = Verifier(catalog: catalog, context: ClaimContext(), baseline: nil)
    _ = try verifier.verify(ids: ["A2"]) { heard.append($0.claim.id) }
    #expect(heard == ["A2"])
  }

  /// What takes minutes is asked for by its tier, but everybody can judge it.
  @Test func tiers() {
    #expect(Verifier.defaultTiers == [.exact, .fixture])
    #expect(Tier.allCases.filter(\.waitsForRuns) == [.cifar, .paper, .large])
    let contrasts = ClaimCatalog.standard.claims.filter { $0.tier == .contrast }.map(\.id)
    #expect(contrasts == FixtureContrast.all.map(\.id))
  }

  @Test func anUnknownIdNamesItsNeighbors() throws {
    let error = try #require(throws: UnknownClaim.self) {
      try ClaimCatalog.standard.selecting(ids: ["T33"], tiers: [.exact])
    }
    #expect(error.near.first == "T3")
    #expect(error.description.hasPrefix("no claim is called \"T33\"; near: T3"))
    #expect(EditDistance.between("kitten", "sitting") == 3 && EditDistance.between("", "ab") == 2)
  }

  @Test func idsAreUnique() {
    let ids = ClaimCatalog.standard.claims.map(\.id)
    #expect(Set(ids).count == ids.count)
    for claim in ClaimCatalog.standard.claims {
      #expect(!claim.statement.isEmpty && !claim.refutedBy.isEmpty && !claim.procedure.isEmpty)
    }
  }
}
