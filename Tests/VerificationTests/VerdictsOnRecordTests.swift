@testable import EscapementGoldens
import Foundation
import Testing

@testable import EscapementVerification

@Suite struct VerdictsOnRecordTests {
  static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Golden/claims.json")

  /// Every claim of the exact tier gives the verdict on record, with the package's own code.
  @Test(arguments: ClaimCatalog.standard.claims.filter { $0.tier == .exact }.map(\.id))
  func verdict(id: String) throws {
    let record = try Verifier(baseline: Baseline(contentsOf: Self.file)).verify(ids: [id])
    #expect(record.exitCode == 0, "\(record.text(detailed: true))")
  }

  /// The record has every claim that needs no runs, and those that the runs of Evidence/ decide, as they decide it.
  @Test func theRecordNamesWhatCanBeJudged() throws {
    let record = try Baseline(contentsOf: Self.file)
    let evidence = Self.file.deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent(EvidenceFolder.defaultName)
    let found = try Verifier(
      context: ClaimContext(runs: RunArchive(reading: [evidence])), baseline: record
    ).verify(tiers: Set(Tier.allCases.filter(\.waitsForRuns)))
    #expect(found.changes.isEmpty && found.unrecorded.isEmpty, "\(found.text(detailed: true))")
    let decided = found.entries.filter { !$0.waitsForRuns }.map(\.claim)
    let judged = ClaimCatalog.standard.claims.filter { !$0.tier.waitsForRuns } + decided
    #expect(record.entries.keys.sorted() == judged.map(\.id).sorted())
  }
}
