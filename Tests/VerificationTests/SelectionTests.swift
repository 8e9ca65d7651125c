@testable import EscapementDrawing
import Testing

@testable import EscapementVerification

/// Claims asked for by id, by the beginning of ids and by place.
@Suite struct SelectionTests {
  private static func claim(_ id: String, _ source: ClaimSource, tier: Tier = .exact) -> Claim {
    var claim = SyntheticRecord.claim(id, tier: tier) { _ in SyntheticRecord.verdict(0.25, .supported) }
    claim.source = source
    return claim
  }

  static let catalog = ClaimCatalog([
    claim("T1", .supplement("§B, eqs. 2–4")), claim("T12", .supplement("§B, proof of Theorem 1")),
    claim("P4-C10-acc", .poster("Experiments, table"), tier: .paper),
    claim("P4-C100-acc", .poster("Experiments, table"), tier: .paper),
    claim("S1", .supplement("Table 3, row CE"), tier: .paper), claim("S2", .supplement("Table 13")),
    claim("G1", .supplement("§D to §F, \"Table 9 and more\"")), claim("A1", .abstract),
    claim("X1", .repository("owner/name", "README, checkpoints")),
    claim("R1", .supplement("§C and Table 1")), claim("M1", .supplement("Algorithm 1")),
    claim("H7", .supplement("§D, Figure 2")),
  ])

  private static func ids(
    _ words: String..., rows: String? = nil, tiers: Set<Tier> = Set(Tier.allCases)
  ) throws -> [String] {
    try catalog.selecting(ids: words, rows: rows, tiers: tiers).map(\.id)
  }

  @Test func idsAndTheirBeginnings() throws {
    #expect(try Self.ids("t1") == ["T1"] && Self.ids("T1*") == ["T1", "T12"])
    #expect(try Self.ids("P4") == ["P4-C10-acc", "P4-C100-acc"] && Self.ids("p4-c10-acc") == ["P4-C10-acc"])
    #expect(try Self.ids("P4-C10*") == ["P4-C10-acc", "P4-C100-acc"] && Self.ids("P4-C10") == ["P4-C10-acc"])
    // An exact id comes before longer ones.
    let exact = ClaimCatalog([Self.claim("P4", .abstract), Self.claim("P4-x", .abstract)])
    #expect(try exact.selecting(ids: ["P4"], tiers: [.exact]).map(\.id) == ["P4"])
    #expect(ClaimCatalog.words(of: "T1, T2 ,Table  3,") == ["T1", "T2", "Table 3", ""])
  }

  @Test(arguments: [
    ("supplement/Table 3", ["S1"]), ("table 3", ["S1"]), ("SUPPLEMENT/§b", ["T1", "T12"]),
    ("section B", ["T1", "T12"]), ("eq. 3", ["T1"]), ("Theorem 1", ["T12"]), ("Algorithm 1", ["M1"]),
    ("figure 2", ["H7"]), ("Fig. 2", ["H7"]), ("§E", ["G1"]), ("§D", ["G1", "H7"]), ("table 1", ["R1"]),
    ("poster", ["P4-C10-acc", "P4-C100-acc"]), ("poster/table", ["P4-C10-acc", "P4-C100-acc"]),
    ("abstract", ["A1"]), ("abstract/abstract", ["A1"]), ("owner/name", ["X1"]), ("name", ["X1"]),
    ("owner/name/README", ["X1"]), ("name/checkpoints", ["X1"]),
  ]) func places(word: String, expected: [String]) throws {
    #expect(try Self.ids(word) == expected)
  }

  @Test func rowsLimitWhatIsSelected() throws {
    #expect(try Self.ids(rows: "Table 3") == ["S1"] && Self.ids("S1", "S2", rows: "table 13") == ["S2"])
    #expect(try Self.ids("S1", rows: "Table 3", tiers: [.exact]).isEmpty)
    #expect(try Self.ids("T1", rows: "Table 3").isEmpty)
  }

  @Test(arguments: [
    ("poster/table 1", true, "poster/table"), ("supplement/Table 4", true, "supplement/Table 3"),
    ("Q1", false, "T1"), ("", false, "T1"), ("§Y", true, "supplement/§"),
    ("Table 99", true, "supplement/Table "), ("Q*", false, "T1"), ("P4-", false, "T1"),
    ("/", true, "supplement/"), (String(repeating: "a/", count: 50_000), true, "/"), ("a\n\u{1B}b", true, ""),
  ]) func unknownWords(word: String, isPlace: Bool, near: String) throws {
    let error = try #require(throws: UnknownClaim.self) { try Self.ids("T1", word) }
    #expect(error.isPlace == isPlace && error.exitCode == 64, "\(error)")
    let text = error.description
    #expect(text.contains("near: ") && error.near.contains { $0.hasPrefix(near) || near == "/" }, "\(text)")
    #expect(!text.contains("\n") && !text.contains("\u{1B}") && text.utf8.count < 400, "\(text)")
  }

  @Test func unknownRowsNameTheKnownOnes() throws {
    let error = try #require(throws: UnknownClaim.self) { try Self.ids(rows: "Table 33") }
    #expect(error.isPlace && error.near.contains("supplement/Table 3"), "\(error)")
  }

  /// Every claim of the catalog is found at each of its places.
  @Test func theCatalogIsFoundByPlace() throws {
    // Each place once: many claims share one, and a search compares it with every claim.
    var claims: [Tier: [String: Set<String>]] = [:]
    for claim in ClaimCatalog.standard.claims {
      for place in claim.source.places {
        claims[claim.tier, default: [:]][place, default: []].insert(claim.id)
      }
    }
    for (tier, places) in claims {
      for (place, ids) in places {
        let found = try ClaimCatalog.standard.selecting(ids: [place], tiers: [tier])
        #expect(ids.isSubset(of: found.map(\.id)), "\(ids.subtracting(found.map(\.id))) are not at \(place)")
      }
    }
    let rows = try ClaimCatalog.standard.selecting(ids: [], rows: "Table 3", tiers: [.paper])
    #expect(!rows.isEmpty && rows.allSatisfy { $0.source.place.contains("Table 3") })
  }
}
