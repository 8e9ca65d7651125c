extension VerificationRecord {
  /// One self-contained page: no script, no font and no picture from elsewhere.
  public func html() -> String {
    var lines = [
      "<!doctype html>", "<html lang=\"en\">", "<head>", "<meta charset=\"utf-8\">",
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
      "<title>Escapement: verdicts</title>", "<style>", Self.style, "</style>", "</head>", "<body>",
      "<h1>Verdicts</h1>", "<p>\(Markup.escape(tallyText)).</p>",
    ]
    if !changes.isEmpty {
      lines.append("<ul class=\"changed\">")
      lines += changes.map { "<li>\(Markup.escape($0.text))</li>" }
      lines.append("</ul>")
    }
    lines += ["<table>", "<thead><tr><th>id</th><th>verdict</th><th>numbers</th></tr></thead>", "<tbody>"]
    for entry in entries {
      let id = Markup.escape(entry.claim.id)
      lines.append(
        "<tr><td><a href=\"#\(id)\">\(id)</a></td><td>\(Self.badge(entry.verdict.outcome))</td>"
          + "<td>\(Markup.escape(entry.verdict.summary))</td></tr>")
    }
    lines += ["</tbody>", "</table>"]
    for entry in entries { lines += section(entry) }
    lines += ["</body>", "</html>"]
    return lines.joined(separator: "\n") + "\n"
  }

  private func section(_ entry: Entry) -> [String] {
    let claim = entry.claim
    let id = Markup.escape(claim.id)
    var lines = [
      "<section id=\"\(id)\">", "<h2>\(id) \(Self.badge(entry.verdict.outcome))</h2>",
      "<blockquote>\(Markup.escape(claim.statement))</blockquote>",
      "<p>\(Markup.escape(entry.verdict.summary))</p>",
    ]
    if let qualifier = entry.verdict.outcome.qualifier {
      let word = entry.verdict.outcome.isConclusive ? "Only if" : "Because"
      lines.append("<p><strong>\(word)</strong> \(Markup.escape(qualifier))</p>")
    }
    if let figure = ClaimFigure.svg(for: claim.id) { lines.append(figure) }
    lines += [
      "<dl>", "<dt>Source</dt><dd>\(Markup.escape(claim.source.text))</dd>",
      "<dt>Procedure</dt><dd>\(Markup.escape(claim.procedure))</dd>",
      "<dt>Refuted by</dt><dd>\(Markup.escape(claim.refutedBy))</dd>",
      "<dt>Variant</dt><dd>\(Markup.escape(entry.provenance.variant)); seed \(entry.provenance.seed), procedure "
        + "\(entry.provenance.procedureVersion), tier \(claim.tier.rawValue)</dd>",
      "<dt>Repeat</dt><dd><code>\(Markup.escape(entry.command))</code></dd>", "</dl>", "<table>",
      "<thead><tr><th></th><th>quantity</th><th>value</th><th>expected</th><th>why</th></tr></thead>",
      "<tbody>",
    ]
    for m in entry.verdict.measurements {
      let value = m.valueText + (m.unit.isEmpty ? "" : " \(m.unit)")
      let cells = [m.mark, m.name, value, m.expectationText, m.reason].map { "<td>\(Markup.escape($0))</td>" }
      lines.append("<tr>\(cells.joined())</tr>")
    }
    lines += ["</tbody>", "</table>"]
    lines += entry.verdict.details.map { "<p>\(Markup.escape($0))</p>" }
    return lines + ["</section>"]
  }

  private static func badge(_ outcome: Outcome) -> String {
    let style = outcome.name.replacing(" ", with: "-")
    return "<span class=\"\(style)\">\(outcome.name)</span>"
  }

  private static let style = """
    body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c2733; }
    table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
    th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #d8dee5; }
    blockquote { margin: 0; padding-left: 1rem; border-left: 3px solid #b8c2cc; }
    dt { font-weight: 600; } dd { margin: 0 0 .5rem 0; }
    span { padding: .1rem .5rem; border-radius: .6rem; font-size: .85rem; }
    .supported { background: #d5efdb; } .conditional { background: #fdf0c8; } .refuted { background: #f8d4d0; }
    .inconclusive, .not-run { background: #e3e7eb; } .changed { color: #a01c10; }
    svg { max-width: 100%; height: auto; }
    """
}
