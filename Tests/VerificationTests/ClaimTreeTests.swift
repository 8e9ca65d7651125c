import EscapementArtifacts
import Testing

@testable import EscapementVerification

/// The tree of claims and what stands in it.
@Suite struct ClaimTreeTests {
  static let claims = ClaimCatalog.standard.claims

  @Test func everyClaimHasALeaf() {
    let leaves = ClaimTree.branches.flatMap(\.leaves)
    #expect(
      Set(leaves).count == leaves.count && ClaimTree.branches.map(\.name) == ["code", "procedure", "result"])
    for claim in Self.claims { #expect(leaves.contains(claim.leaf), "\(claim.id): \(claim.leaf)") }
    #expect(Set(leaves) == Set(ClaimTree.Leaf.allCases))
    for leaf in leaves { #expect(Self.claims.contains { $0.leaf == leaf }, "\(leaf) is empty") }
    func leaf(_ id: String) -> String? { ClaimCatalog.standard[id].map { ClaimTree.path(to: $0.leaf) } }
    #expect(
      leaf("D1") == "code → data" && leaf("D8") == "code → protocol" && leaf("A6") == "code → algorithm")
    #expect(leaf("T3") == "procedure → theory" && leaf("H15") == "procedure → spectra")
    #expect(leaf("H11") == "procedure → printed numbers" && leaf("P9") == "procedure → printed numbers")
    #expect(
      leaf("P9r-C10-ce-drw") == "result → gains" && leaf("H1") == "result → curvature"
        && leaf("S1-acc") == "result → large sets")
    #expect(
      leaf("P3-C10-acc") == "result → accuracies" && leaf("A4") == "result → stages"
        && leaf("F-H1") == "result → fixture")
    // Only rows of tables, families of one, stand under accuracies.
    let rows = Set(RunFamily.accuracies.flatMap(\.statements).map(\.id))
    #expect(Self.claims.filter { $0.leaf == .accuracies }.allSatisfy { rows.contains($0.id) })
  }

  @Test func weights() {
    for claim in Self.claims where [.fixture, .contrast].contains(claim.tier) {
      #expect(claim.weight == .nothing, "\(claim.id)")
    }
    func weight(_ id: String) -> Int? { ClaimCatalog.standard[id]?.weight.rawValue }
    #expect(
      weight("P9r-C10-ce-drw") == 3 && weight("T1") == 2 && weight("S9-acc") == 2 && weight("D1") == 1
        && weight("F-DRW") == 0)
    let counts = ClaimWeight.allCases.map { weight in Self.claims.count { $0.weight == weight } }
    #expect(counts == [6, 41, 248, 15], "\(counts)")
  }

  /// A node shows what is settled by outcome, what is refuted and what is open, heaviest first, and no share of anything.
  @Test func standing() throws {
    func entry(
      _ id: String, _ outcome: Outcome, _ kind: ClaimKind = .paper
    ) throws -> VerificationRecord.Entry {
      var claim = try #require(ClaimCatalog.standard[id])
      claim.kind = kind
      return VerificationRecord.Entry(
        claim: claim, verdict: Verdict(outcome: outcome, measurements: [], summary: ""),
        provenance: Provenance(variant: "", seed: 0, procedureVersion: 1))
    }
    let record = VerificationRecord(
      entries: try [
        entry("T12", .supported, .own), entry("T1", .conditional("c")), entry("T3", .refuted),
        entry("T9", .supported), entry("D1", .supported, .consistency),
        entry("R2-C10-small", .notRun("no runs")), entry("P9r-C10-ce-drw", .inconclusive),
        entry("F-DRW", .consistent),
      ], changes: [], compared: false)
    let tree = record.tree
    #expect(tree.map(\.name) == ["code", "procedure", "result"])
    #expect(
      tree[0].settled == [.init(kind: .consistency, outcome: "supported", weight: 1, ids: ["D1"])]
        && tree[0].refuted.isEmpty)
    // The supported theorem of a paper and the supported consequence of ours are two shares.
    #expect(tree[1].settled.map(\.kind) == [.paper, .paper, .paper, .own])
    #expect(tree[1].settled.map(\.outcome) == ["supported", "conditional", "refuted", "supported"])
    #expect(tree[1].settled.map(\.weight) == [2, 2, 3, 1] && tree[1].refuted.map(\.ids) == [["T3"]])
    #expect(
      tree[2].open == [
        .init(kind: .paper, outcome: "open", weight: 5, ids: ["P9r-C10-ce-drw", "R2-C10-small"])
      ])
    #expect(tree[2].settled == [.init(kind: .paper, outcome: "consistent", weight: 0, ids: ["F-DRW"])])
    let theory = try #require(tree[1].children.first { $0.name == "theory" })
    #expect(theory.settled == tree[1].settled && tree[1].children.count { $0.isAsked } == 1)

    let json = record.json()
    let nodes = try #require(json["tree"]?.array)
    #expect(
      nodes.count == 3 && nodes[2]["open"]?.array?.first?["claims"] == ["P9r-C10-ce-drw", "R2-C10-small"])
    #expect(
      nodes[1]["settled"]?.array?.compactMap { $0["kind"]?.string } == ["paper", "paper", "paper", "own"])
    let first = try #require(json["claims"]?.array?.first)
    #expect(first["branch"]?.string == "procedure → theory" && first["weight"]?.integer == 1)

    let page = try PageTests.check(record.html())
    #expect(page.elements.count { $0.attributes["class"]?.hasPrefix("node depth") == true } == 3 + 13)
    let states = page.elements.filter { $0.attributes["class"] == "node-state" }.map(\.text)
    #expect(
      states.contains("the papers' claims: supported, weight 2 conditional, weight 2 refuted, weight 3"))
    #expect(states.contains("statements of this package: supported, weight 1"))
    let lists = page.elements.filter { $0.attributes["class"] == "node-claims" }.map(\.text)
    #expect(
      lists == [
        "Refuted, the papers' claims: T3", "Open, the papers' claims: P9r-C10-ce-drw",
        "Open, the papers' claims: R2-C10-small",
      ])
    let links = page.all("a").filter { ["T3", "P9r-C10-ce-drw", "R2-C10-small"].contains($0.text) }.compactMap
    {
      $0.attributes["href"]
    }
    #expect(links == ["#T3", "#P9r-C10-ce-drw"], "what was not run is folded and has no place of its own")
    #expect(
      !page.elements.contains { $0.attributes["class"]?.hasPrefix("node") == true && $0.text.contains("%") })
  }
}
