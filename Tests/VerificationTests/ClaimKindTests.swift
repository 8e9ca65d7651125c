import Foundation
import Testing

@testable import EscapementVerification

/// The papers' claims, the consistency of what was published, and statements of this package: told apart everywhere.
@Suite struct ClaimKindTests {
  /// What is judged of a paper is judged in its words; a statement of ours quotes nobody.
  @Test func quotes() {
    for claim in ClaimCatalog.standard.claims {
      switch claim.kind {
      case .paper:
        #expect(claim.quote?.contains { !$0.isWhitespace } == true, "\(claim.id) has no quote")
      case .own: #expect(claim.quote == nil, "\(claim.id) quotes \(claim.quote ?? "")")
      case .consistency: #expect(claim.quote?.isEmpty != true, "\(claim.id) quotes nothing")
      }
      #expect(claim.quote?.contains { "“”".contains($0) } != true, "\(claim.id): reports add the marks")
    }
  }

  /// Two refuted statements of different kinds.
  static func record() throws -> VerificationRecord {
    let catalog = ClaimCatalog([
      SyntheticRecord.claim("O1", kind: .own) { _ in SyntheticRecord.verdict(0.75, .supported) },
      SyntheticRecord.claim("P1") { _ in SyntheticRecord.verdict(0.75, .supported) },
      SyntheticRecord.claim("P2", assumptions: ["three seeds", "no warm-up"]) { _ in
        SyntheticRecord.verdict(0.75, .supported)
      },
      SyntheticRecord.claim("C1", kind: .consistency) { _ in SyntheticRecord.verdict(0.25, .supported) },
    ])
    return try Verifier(catalog: catalog, context: ClaimContext(), baseline: nil).verify()
  }

  @Test func outcomesOfKindsAreNotAdded() throws {
    let record = try Self.record()
    #expect(record.kinds == [.paper, .consistency, .own])
    #expect(record.tally(of: .paper).map(\.outcome) == ["refuted", "inconclusive"])
    #expect(record.tally(of: .own).map(\.count) == [1] && record.tally(of: .consistency).map(\.count) == [1])
    let lines = [
      "the papers' claims: 1 refuted, 1 inconclusive", "consistency of text, tables and code: 1 supported",
      "statements of this package: 1 refuted",
    ]
    #expect(record.text().contains(lines.joined(separator: "\n")))
    #expect(record.text().contains("because refuted only under the assumption: three seeds; no warm-up"))
    let markdown = record.markdown()
    #expect(markdown.contains(lines.map { "- \($0)" }.joined(separator: "\n")))
    #expect(markdown.contains("## Statements of this package\n\n| id |"))
    let tally = record.json()["tally"]
    #expect(tally?["paper"] == ["refuted": 1, "inconclusive": 1])
    #expect(tally?["own"] == ["refuted": 1] && tally?["consistency"] == ["supported": 1])
    let page = try PageTests.check(record.html())
    #expect(
      page.all("li").map(\.text) == ["1refuted", "1inconclusive", "1supported", "1refuted"],
      "a list for each kind")
    let suites = try ReadMarkup(record.junit()).all("testsuite").compactMap { $0.attributes["name"] }
    #expect(suites == ["claims.paper", "claims.consistency", "claims.own"])
  }

  @Test func aRecordCarriesKindWordsAndAssumptions() throws {
    let claims = try #require(try Self.record().json()["claims"]?.array)
    #expect(claims.compactMap { $0["kind"]?.string } == ["own", "paper", "paper", "consistency"])
    #expect(claims[2]["quote"]?.string == "words of P2 & <more>")
    #expect(claims[2]["assumptions"] == ["three seeds", "no warm-up"] && claims[1]["assumptions"] == [])
    let page = try PageTests.check(Self.record().html())
    #expect(page.all("dd").map(\.text).contains("no warm-up"))
  }

  /// Sections by kind and within them by tier, the paper's words beside the formal statement, short lines before the tables.
  @Test func thePageOfTheCatalog() throws {
    let page = ClaimCatalog([
      SyntheticRecord.claim("O1", kind: .own) { _ in SyntheticRecord.verdict(0.25, .supported) },
      SyntheticRecord.claim("P2", tier: .fixture) { _ in SyntheticRecord.verdict(0.25, .supported) },
      SyntheticRecord.claim("P1") { _ in SyntheticRecord.verdict(0.25, .supported) },
    ]).markdown(
      record: Baseline(entries: ["P1": .init(outcome: .supported, procedureVersion: 1)], reason: "r"))
    let headings = page.split(separator: "\n").filter { $0.hasPrefix("#") }.map(String.init)
    #expect(
      headings == [
        "# Claims", "## The papers' claims: 2", "### exact: 1", "### fixture: 1",
        "## Statements of this package: 1", "### exact: 1",
      ])
    #expect(
      page.contains(
        "| P1 | supported | “words of P1 & \\<more>” | Statement of P1 with \\<tags> & a \\| bar. | "))
    #expect(page.contains("| id | state | the paper's words | formal statement | source | branch | weight |"))
    for line in page.split(separator: "\n") where !line.hasPrefix("|") {
      #expect(line.count <= 100, "\(line)")
    }
  }
}
