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

  @Test func theRecordAndTheCatalogNameTheSameClaims() throws {
    let recorded = try Baseline(contentsOf: Self.file).entries.keys.sorted()
    let judged = ClaimCatalog.standard.claims.filter { !$0.tier.waitsForRuns }
    #expect(recorded == judged.map(\.id).sorted())
  }
}
