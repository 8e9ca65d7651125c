extension VerificationRecord {
  /// A Markdown page: the table, then each claim with its statement, numbers and command.
  public func markdown() -> String {
    var lines = ["# Verdicts", "", tallyText + ".", "", "| id | verdict | numbers |", "| --- | --- | --- |"]
    for entry in entries {
      let outcome = entry.verdict.outcome
      let condition =
        outcome.qualifier.map { (outcome.isConclusive ? ": only if " : ": ") + $0 } ?? ""
      lines.append(
        "| \(cell(entry.claim.id)) | \(cell(outcome.name + condition)) | \(cell(entry.verdict.summary)) |")
    }
    for entry in entries {
      lines += [
        "", "## \(entry.claim.id)", "", entry.claim.statement, "", "Source: \(entry.claim.source.text).",
      ]
      lines += [
        "Variant: \(entry.provenance.variant). Seed \(entry.provenance.seed), procedure "
          + "\(entry.provenance.procedureVersion).",
        "Repeat: `\(entry.command)`", "",
      ]
      lines += ["| | quantity | value | expected | why |", "| --- | --- | --- | --- | --- |"]
      for m in entry.verdict.measurements {
        let value = m.valueText + (m.unit.isEmpty ? "" : " \(m.unit)")
        lines.append(
          "| \(m.mark) | \(cell(m.name)) | \(cell(value)) | \(cell(m.expectationText)) | \(cell(m.reason)) |")
      }
      if !entry.verdict.details.isEmpty { lines.append("") }
      lines += entry.verdict.details.map { "- \($0)" }
    }
    if !changes.isEmpty {
      lines += ["", "## Changed", ""] + changes.map { "- \($0.text)" }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func cell(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("|", with: "\\|").replacing("\n", with: " ")
  }
}
