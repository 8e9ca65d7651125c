extension ClaimCatalogue {
  /// A Markdown page of all claims: id, tier, the verdict on record or why there is none, source and statement.
  public func markdown(record: Baseline) -> String {
    var lines = [
      "# Claims", "",
      "Written by `escapement claims list --markdown`; a test compares it with the catalogue and the verdicts on record. "
        + "`escapement claims show ID` prints a claim's procedure and what would refute it, [Verdicts](Verdicts.md) says what "
        + "tiers and outcomes mean.", "",
      "Each claim stands in a branch of a small tree, code → procedure → result, with a weight: what of the papers falls with it. "
        + ClaimWeight.allCases.reversed().map { "\($0.rawValue): \($0.text)" }.joined(separator: "; ")
        + ". Weights order claims and are divided by nothing ([Decision 0014](Decisions/0014-weights-of-claims.md)).",
      "",
      "The contrasts at fixture scale (branch result → fixture, weight 0) were registered in code before their runs were looked at, "
        + "and whatever came out stays. *Consistent* means that synthetic pictures and a small network show the difference with the "
        + "papers' sign; *not consistent* that nine seeds do not show it there. Neither supports or refutes a paper.",
    ]
    for outcome in [Outcome.consistent, .notConsistent] {
      let ids = claims.map(\.id).filter { record.entries[$0]?.outcome == outcome }
      if !ids.isEmpty { lines += ["", "At fixture scale \(outcome.name): \(ids.joined(separator: ", "))."] }
    }
    for tier in Tier.allCases {
      let members = claims.filter { $0.tier == tier }
      if members.isEmpty { continue }
      lines += [
        "", "## \(tier.rawValue): \(members.count)", "",
        "| id | state | branch | weight | source | statement |",
        "| --- | --- | --- | --- | --- | --- |",
      ]
      lines += members.map { claim in
        let state = record.entries[claim.id].map { entry in
          entry.outcome.name + (entry.outcome.qualifier.map { ": \($0)" } ?? "")
        }
        return "| "
          + [
            claim.id, state ?? "not run", ClaimTree.path(to: claim.leaf), String(claim.weight.rawValue),
            claim.source.text, claim.statement,
          ]
          .map(Self.cell).joined(separator: " | ") + " |"
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Text that stays in its cell and means itself.
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
