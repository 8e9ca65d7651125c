extension ClaimCatalogue {
  /// A Markdown page of all claims: id, tier, the verdict on record or why there is none, source and statement.
  public func markdown(record: Baseline) -> String {
    var lines = [
      "# Claims", "",
      "Written by `escapement claims list --markdown`; a test compares it with the catalogue and the verdicts on record. "
        + "`escapement claims show ID` prints a claim's procedure and what would refute it, [Verdicts](Verdicts.md) says what "
        + "tiers and outcomes mean.",
    ]
    for tier in Tier.allCases {
      let members = claims.filter { $0.tier == tier }
      if members.isEmpty { continue }
      lines += [
        "", "## \(tier.rawValue): \(members.count)", "", "| id | state | source | statement |",
        "| --- | --- | --- | --- |",
      ]
      lines += members.map { claim in
        let state = record.entries[claim.id].map { entry in
          entry.outcome.name + (entry.outcome.qualifier.map { ": \($0)" } ?? "")
        }
        return "| "
          + [claim.id, state ?? "not run", claim.source.text, claim.statement]
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
