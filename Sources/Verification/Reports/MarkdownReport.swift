extension VerificationRecord {
  /// A Markdown page short enough for the summary of a job: the tally, what changed, and a line for each claim that was
  /// judged. Claims that were not run are counted only.
  public func markdown() -> String {
    var lines = ["# Verdicts", "", "\(tallyText); \(contractText)."]
    if !changes.isEmpty { lines += ["", "## Changed", ""] + changes.map { "- \(Self.line($0.text))" } }
    let judged = entries.filter { if case .notRun = $0.verdict.outcome { false } else { true } }
    if !judged.isEmpty {
      lines += ["", "| id | verdict | numbers |", "| --- | --- | --- |"]
      lines += judged.map { entry in
        let outcome = entry.verdict.outcome
        let condition = outcome.qualifier.map { ": only if " + $0 } ?? ""
        return
          "| \(Self.cell(entry.claim.id)) | \(Self.cell(outcome.name + condition)) | \(Self.cell(entry.verdict.summary)) |"
      }
    }
    let rest = entries.count - judged.count
    if rest > 0 { lines += ["", "\(rest) not run: no runs in the evidence, or no test registered."] }
    lines += ["", "Repeat one with every number: `escapement verify ID --detailed`"]
    return lines.joined(separator: "\n") + "\n"
  }

  /// Text inside a cell: nothing ends the cell or the row, and nothing is read as HTML.
  private static func cell(_ text: String) -> String {
    line(text).replacing("\\", with: "\\\\").replacing("|", with: "\\|")
  }

  private static func line(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).joined(separator: " ").replacing("&", with: "&amp;")
      .replacing("<", with: "&lt;")
  }
}
