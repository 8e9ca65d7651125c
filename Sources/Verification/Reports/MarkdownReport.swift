import EscapementArtifacts

extension VerificationRecord {
  /// A Markdown page short enough for the summary of a job: a tally for each kind of statement, the changes, and one
  /// line per judged claim. Claims that were not run are only counted.
  package func markdown(origin: ReportOrigin = .current) -> String {
    var lines = ["# Verdicts", ""] + tallyLines.map { "- \($0)" } + ["", "Computed under \(contractText)."]
    lines += ["", Self.line(origin.line(contract: "\(contract)")) + "."]
    if !changes.isEmpty { lines += ["", "## Changed", ""] + changes.map { "- \(Self.line($0.text))" } }
    let judged = entries.filter { if case .notRun = $0.verdict.outcome { false } else { true } }
    for kind in kinds {
      let members = judged.filter { $0.claim.kind == kind }
      guard !members.isEmpty else { continue }
      lines += [
        "", "## \(kind.heading)", "", "| id | verdict | the paper's words | formal statement | numbers |",
        "| --- | --- | --- | --- | --- |",
      ]
      lines += members.map { entry in
        let outcome = entry.verdict.outcome
        let qualifier = outcome.qualifier.map { ": \(outcome.qualifierLead) \($0)" } ?? ""
        let cells = [
          entry.claim.id, outcome.name + qualifier, entry.claim.quotedWords ?? "", entry.claim.statement,
          entry.verdict.summary,
        ]
        return "| " + cells.map(Self.cell).joined(separator: " | ") + " |"
      }
    }
    let rest = entries.count - judged.count
    if rest > 0 { lines += ["", "\(rest) not run: no runs in the evidence, or no test registered."] }
    lines += ["", "Repeat one with every number: `escapement verify ID --detailed`"]
    return lines.joined(separator: "\n") + "\n"
  }

  /// Text escaped for a table cell: it cannot end the cell or the row, and is not interpreted as HTML.
  private static func cell(_ text: String) -> String {
    line(text).replacing(scalars: ["\\": "\\\\", "|": "\\|"])
  }

  private static func line(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).joined(separator: " ").replacing(scalars: [
      "&": "&amp;", "<": "&lt;",
    ])
  }
}
