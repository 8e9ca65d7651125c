@testable import EscapementGoldens
import EscapementArtifacts
import Foundation
import EscapementTestSupport
import Testing

@testable import EscapementVerification

@Suite struct BaselineTests {
  @Test func fileKeepsEverything() throws {
    let folder = try TemporaryDirectory()
    defer { folder.remove() }
    let file = folder.url.appendingPathComponent("claims.json")
    try SyntheticRecord.baseline.write(to: file)
    #expect(try Baseline(contentsOf: file) == SyntheticRecord.baseline)
    let bytes = try Data(contentsOf: file)
    try SyntheticRecord.baseline.write(to: file)
    #expect(try Data(contentsOf: file) == bytes)
  }

  @Test func acceptingTakesTheRecordAndKeepsTheRest() throws {
    let verifier = Verifier(
      catalog: SyntheticRecord.catalog, context: ClaimContext(), baseline: SyntheticRecord.baseline)
    var stale = SyntheticRecord.baseline
    stale.entries["A2"] = .init(outcome: .supported, procedureVersion: 1)
    let accepted = try stale.accepting(verifier.verify(ids: ["A2"]), reason: "condition found")
    #expect(accepted.entries == SyntheticRecord.baseline.entries)
    #expect(accepted.reason == "condition found")
    #expect(throws: BaselineRefusal.noReason) {
      try stale.accepting(verifier.verify(ids: ["A2"]), reason: " \n")
    }
  }

  /// Claims that wait for runs go on record once they are decided, and no sooner; not to have one of them there is news, and
  /// neither a change nor, unless it is refuted, a failure.
  @Test func verdictsOfOtherTiers() throws {
    func verifier(_ decided: Outcome, _ baseline: Baseline) -> Verifier {
      let catalog = ClaimCatalog([
        SyntheticRecord.claim("A1") { _ in SyntheticRecord.verdict(0.25, .supported) },
        SyntheticRecord.claim("P3", tier: .paper) { _ in
          Verdict(outcome: decided, measurements: [], summary: "")
        },
        SyntheticRecord.claim("P4", tier: .paper) { _ in
          Verdict(outcome: .notRun("no runs"), measurements: [], summary: "")
        },
      ])
      return Verifier(catalog: catalog, context: ClaimContext(), baseline: baseline)
    }
    let before = Baseline(
      entries: ["A1": .init(outcome: .supported, procedureVersion: 1)], reason: "first")
    let tiers: Set<Tier> = [.exact, .paper]
    let news = try verifier(.supported, before).verify(tiers: tiers)
    #expect(news.changes.isEmpty && news.unrecorded == ["P3"] && news.text().contains("not on record: P3"))
    #expect(try verifier(.supported, before).verify(ids: ["A1", "P3"], tiers: tiers).exitCode == 0)
    #expect(
      try verifier(.refuted, before).verify(ids: ["P3"], tiers: tiers).exitCode == 1,
      "nothing to compare with")
    let accepted = try before.accepting(news, reason: "runs of five seeds")
    #expect(accepted.entries.keys.sorted() == ["A1", "P3"])
    // From then on it is held like any other.
    #expect(try verifier(.supported, accepted).verify(tiers: tiers).unrecorded.isEmpty)
    // What waits for runs can be left out, and is then compared with nothing.
    let held = try verifier(.inconclusive, accepted).verify(tiers: tiers, includes: { !$0.waitsForRuns })
    #expect(held.entries.map(\.claim.id) == ["A1"] && held.changes.isEmpty && held.exitCode == 0)
    let changed = try verifier(.refuted, accepted).verify(tiers: tiers)
    #expect(changed.changes.map(\.text) == ["P3: on record supported, now refuted"] && changed.exitCode == 1)
    #expect(throws: BaselineRefusal.undecided(id: "P3", outcome: "inconclusive")) {
      try accepted.accepting(verifier(.inconclusive, accepted).verify(tiers: tiers), reason: "why")
    }
    // A claim that everybody can judge is missed as before.
    let none = Baseline(entries: [:], reason: "r")
    #expect(try verifier(.supported, none).verify(tiers: tiers).changes.map(\.id) == ["A1"])
  }

  static let malformed: [(text: String, fragment: String)] = [
    ("[]", "top level: found an array"),
    ("{}", "schema"),
    (#"{"schema":2,"reason":"r","claims":{}}"#, "schema: found 2, expected 1"),
    (#"{"schema":1,"reason":7,"claims":{}}"#, "reason"),
    (
      #"{"schema":1,"reason":"r","claims":{"T1":{"outcome":"conditional","procedure":1}}}"#,
      "claims.T1.outcome"
    ),
    (#"{"schema":1,"reason":"r","claims":{"T1":{"outcome":"passed","procedure":1}}}"#, "claims.T1.outcome"),
    (#"{"schema":1,"reason":"r","claims":{"T1":{"outcome":"supported"}}}"#, "claims.T1.procedure"),
  ]

  @Test(arguments: malformed) func malformedFilesNameTheKey(text: String, fragment: String) throws {
    let json = try JSON(parsing: Data(text.utf8), file: "claims.json")
    let error = try #require(throws: DataError.self) { try Baseline(json: json, file: "claims.json") }
    #expect(error.description.contains("claims.json") && error.description.contains(fragment), "\(error)")
    #expect(!error.description.contains("\n"))
  }

  @Test func outcomesReadBack() {
    let outcomes = [
      Outcome.supported, .conditional("c"), .refuted, .consistent, .notConsistent, .inconclusive,
      .notRun("r"),
    ]
    #expect(outcomes.map(\.name) == Outcome.names)
    for outcome in outcomes + [.undetermined("u")] {
      #expect(Outcome(name: outcome.name, qualifier: outcome.qualifier) == outcome)
    }
    #expect(Outcome(name: "supported", qualifier: "c") == nil)
    #expect(Outcome(name: "conditional", qualifier: nil) == nil)
    #expect(Outcome(name: "inconclusive", qualifier: "u") == .undetermined("u"))
  }

  static func judging(_ outcome: Outcome, tier: Tier = .exact, against baseline: Baseline?) throws
    -> VerificationRecord
  {
    let claim = SyntheticRecord.claim("E1", tier: tier) { _ in
      Verdict(outcome: outcome, measurements: [], summary: "")
    }
    return try Verifier(catalog: ClaimCatalog([claim]), context: ClaimContext(), baseline: baseline)
      .verify(tiers: [tier])
  }

  /// A verdict that says why nothing can be decided goes on record and is compared like any other.
  @Test func whatCannotBeDecidedMayStand() throws {
    let none = Baseline(entries: [:], reason: "r")
    let found = Outcome.undetermined("a number cannot be read")
    let alone = try Self.judging(found, against: nil)
    #expect(alone.exitCode == 2, "undecided, with nothing to compare with")
    #expect(alone.kinds.flatMap { alone.tally(of: $0) }.map(\.outcome) == ["inconclusive"])
    let missed = try Self.judging(found, against: none)
    #expect(
      missed.exitCode == 1
        && missed.changes.map(\.text) == [
          "E1: no verdict on record, now inconclusive (a number cannot be read)"
        ])

    let accepted = try none.accepting(alone, reason: "found")
    #expect(accepted.entries == ["E1": .init(outcome: found, procedureVersion: 1)])
    #expect(try Baseline(json: accepted.json, file: "claims.json") == accepted)
    let same = try Self.judging(found, against: accepted)
    #expect(same.changes.isEmpty && same.exitCode == 0)
    for (outcome, text) in [
      (Outcome.undetermined("another cannot be read"), "inconclusive (another cannot be read)"),
      (.supported, "supported"), (.refuted, "refuted"), (.inconclusive, "inconclusive"),
    ] {
      let changed = try Self.judging(outcome, against: accepted)
      #expect(changed.exitCode == 1)
      #expect(
        changed.changes.map(\.text) == [
          "E1: on record inconclusive (a number cannot be read), now \(text)"
        ])
    }
  }

  /// Without a reason it is a procedure that stopped working: never accepted, neither anew nor in place of a verdict.
  @Test func undecidedWithoutAReasonIsNeverAccepted() throws {
    let none = Baseline(entries: [:], reason: "r")
    let stopped = try Self.judging(.inconclusive, against: none)
    #expect(stopped.exitCode == 2 && stopped.changes.isEmpty)
    for entries in [
      [:], ["E1": Baseline.Entry(outcome: .undetermined("u"), procedureVersion: 1)],
    ] {
      #expect(throws: BaselineRefusal.undecided(id: "E1", outcome: "inconclusive")) {
        try Baseline(entries: entries, reason: "r").accepting(stopped, reason: "why")
      }
    }
    // Nor does it pass where a file was written by hand.
    let byHand = Baseline(
      entries: ["E1": .init(outcome: .inconclusive, procedureVersion: 1)], reason: "r")
    #expect(try Self.judging(.inconclusive, against: byHand).exitCode == 2)
  }

  /// A claim about runs that nothing can decide and that is not on record is news and stays undecided.
  @Test func whatRunsCannotDecideIsNewsUntilItStands() throws {
    let none = Baseline(entries: [:], reason: "r")
    let found = try Self.judging(.undetermined("u"), tier: .paper, against: none)
    #expect(found.changes.isEmpty && found.unrecorded == ["E1"] && found.exitCode == 2)
    let accepted = try none.accepting(found, reason: "found")
    let again = try Self.judging(.undetermined("u"), tier: .paper, against: accepted)
    #expect(again.unrecorded.isEmpty && again.exitCode == 0)
  }
}
