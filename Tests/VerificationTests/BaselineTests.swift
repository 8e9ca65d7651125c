import Artifacts
import Foundation
import TestSupport
import Testing

@testable import Verification

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
      catalogue: SyntheticRecord.catalogue, context: ClaimContext(), baseline: SyntheticRecord.baseline)
    var stale = SyntheticRecord.baseline
    stale.entries["A2"] = .init(outcome: .supported, procedureVersion: 1)
    let accepted = try stale.accepting(verifier.verify(ids: ["A2"]), reason: "condition found")
    #expect(accepted.entries == SyntheticRecord.baseline.entries)
    #expect(accepted.reason == "condition found")
    #expect(throws: BaselineRefusal.noReason) {
      try stale.accepting(verifier.verify(ids: ["A2"]), reason: " \n")
    }
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
    for outcome in [Outcome.supported, .conditional("c"), .refuted, .inconclusive, .notRun("r")] {
      #expect(Outcome(name: outcome.name, qualifier: outcome.qualifier) == outcome)
    }
    #expect(Outcome(name: "supported", qualifier: "c") == nil)
    #expect(Outcome(name: "conditional", qualifier: nil) == nil)
  }
}
