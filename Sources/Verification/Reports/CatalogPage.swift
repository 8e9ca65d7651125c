import EscapementDrawing

extension ClaimCatalog {
  /// A Markdown page of all claims, by kind and within a kind by tier: the recorded verdict or the reason why there is
  /// none, the paper's words and the formal statement, source, branch and weight.
  package func markdown(record: Baseline) -> String {
    var lines = ["# Claims"]
    for paragraph in Self.introduction { lines += [""] + Figure.wrapped(paragraph, limit: 100) }
    for outcome in [Outcome.consistent, .notConsistent] {
      let ids = claims.map(\.id).filter { record.entries[$0]?.outcome == outcome }
      if !ids.isEmpty {
        lines +=
          [""]
          + Figure.wrapped("At fixture scale \(outcome.name): \(ids.joined(separator: ", ")).", limit: 100)
      }
    }
    for kind in ClaimKind.allCases {
      let members = claims.filter { $0.kind == kind }
      if members.isEmpty { continue }
      lines +=
        ["", "## \(kind.heading): \(members.count)", ""] + Figure.wrapped(kind.explanation, limit: 100)
      for tier in Tier.allCases { lines += Self.table(members.filter { $0.tier == tier }, tier, record) }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static let introduction = [
    "Written by `escapement claims list --markdown`; a test compares it with the catalog and the verdicts on record. "
      + "`escapement claims show ID` prints a claim's procedure and what would refute it, [Verdicts](Verdicts.md) says what "
      + "tiers and outcomes mean.",
    "Each claim stands in a branch of a small tree, code → procedure → result, with a weight: what of the papers falls with it. "
      + ClaimWeight.allCases.reversed().map { "\($0.rawValue): \($0.text)" }.joined(separator: "; ")
      + ". Weights order claims and are divided by nothing ([Decision 0014](Decisions/0014-weights-of-claims.md)).",
    "The contrasts at fixture scale (branch result → fixture, weight 0) were registered in code before their runs were looked "
      + "at, and whatever came out stays. *Consistent* means that synthetic images and a small network show the difference "
      + "with the papers' sign; *not consistent* that nine seeds do not show it there. Neither supports or refutes a paper.",
  ]

  /// The claims of a kind and a tier, one per row.
  private static func table(_ members: [Claim], _ tier: Tier, _ record: Baseline) -> [String] {
    if members.isEmpty { return [] }
    let rows = members.map { claim in
      let state = record.entries[claim.id].map { entry in
        entry.outcome.name + (entry.outcome.qualifier.map { ": \($0)" } ?? "")
      }
      let cells = [
        claim.id, state ?? "not run", claim.quotedWords ?? "", claim.statement, claim.source.text,
        ClaimTree.path(to: claim.leaf), String(claim.weight.rawValue),
      ]
      return "| " + cells.map(cell).joined(separator: " | ") + " |"
    }
    return [
      "", "### \(tier.rawValue): \(members.count)", "",
      "| id | state | the paper's words | formal statement | source | branch | weight |",
      "| --- | --- | --- | --- | --- | --- | --- |",
    ] + rows
  }

  /// Text escaped for a table cell.
  private static func cell(_ text: String) -> String {
    text.map { character in
      switch character {
      case "|": "\\|"
      case "_", "*", "<", "`": "\\\(character)"
      case "\n": " "
      default: String(character)
      }
    }.joined()
  }
}
