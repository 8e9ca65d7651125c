import EscapementExperiments
import EscapementDrawing

extension VerificationRecord {
  /// One self-contained page. It begins with a tally and a table by section for each kind of statement. The claims
  /// follow by section, kind and family, each with its numbers; claims that were not run are folded at the end of their
  /// family.
  package func html(with exhibits: ReportExhibits = .none, origin: ReportOrigin = .current) -> String {
    var page = ReportPage(
      title: "Escapement: verdicts", heading: "Verdicts", origin: origin, contract: "\(contract)")
    for kind in kinds {
      page.add("<h2 class=\"kind\">\(Markup.escape(kind.heading))</h2>", "<ul class=\"tally\">")
      page.add(
        tally(of: kind).map {
          "<li class=\"\(Self.style($0.outcome))\"><b>\($0.count)</b>\($0.outcome)</li>"
        } + ["</ul>"])
      page.add(overview(of: kind))
    }
    if !changes.isEmpty {
      page.add(["<ul class=\"changed\">"] + changes.map { "<li>\(Markup.escape($0.text))</li>" } + ["</ul>"])
    }
    page.add(
      "<p class=\"soft\">\(compared ? "Compared with the verdicts on record." : "Not compared with a record.")"
        + " A refuted claim is a result, not a fault. Each line opens. Computed under \(Markup.escape(contractText)).</p>"
    )
    page.add("<h2 id=\"tree\">Code, procedure, result</h2>")
    page.add(
      "<p>Each branch speaks on the ground of the one before. A weight says what of the papers falls with a claim: 3 a main "
        + "statement, 2 a theorem, a row or a figure, 1 a number or a remark, 0 nothing. Weights are not divided by anything: "
        + "no share of them is a measure of the papers.</p>")
    for node in tree { page.add(node.html(linked: linked)) }
    for section in ReportSection.allCases {
      let members = entries.filter { ReportSection($0.claim) == section }
      guard !members.isEmpty else { continue }
      page.add("<h2 id=\"\(Self.anchor(section))\">\(section.rawValue)</h2>", "<p>\(section.text)</p>")
      for kind in kinds {
        let groups = Self.families(members.filter { $0.claim.kind == kind })
        if !groups.isEmpty { page.add("<h3>\(Markup.escape(kind.heading))</h3>") }
        for group in groups {
          if !group.name.isEmpty { page.add("<h4>\(Markup.escape(group.name))</h4>") }
          add(group.entries, to: &page)
        }
      }
      if section == .theory, entries.contains(where: { $0.claim.figure == .factorAgainstRadius }),
        let map = Self.amplification
      {
        page.add(map)
      }
      if section == .runs { page.add(exhibits.accuracies) }
    }
    exhibits.addSpectra(to: &page)
    return page.html
  }

  /// Claims that have their own anchor on the page; those that were not run are folded together.
  private var linked: Set<String> {
    Set(
      entries.filter { if case .notRun = $0.verdict.outcome { false } else { true } }.map(\.claim.id))
  }

  /// Families in order of occurrence. Claims without a family are grouped, and so are the rows of the accuracy tables,
  /// each of which is its own family.
  private static func families(_ members: [Entry]) -> [(name: String, entries: [Entry])] {
    var groups: [(name: String, entries: [Entry])] = []
    for entry in members {
      let name =
        entry.claim.leaf == .accuracies ? "rows of the accuracy tables" : entry.claim.family ?? ""
      if let place = groups.firstIndex(where: { $0.name == name }) {
        groups[place].entries.append(entry)
      } else {
        groups.append((name, [entry]))
      }
    }
    return groups
  }

  /// Sections against outcomes, for one kind of statement.
  private func overview(of kind: ClaimKind) -> [String] {
    let outcomes = tally(of: kind).map(\.outcome)
    let rows = ReportSection.allCases.compactMap { section -> [String]? in
      let members = entries.filter { $0.claim.kind == kind && ReportSection($0.claim) == section }
      guard !members.isEmpty else { return nil }
      return ["<a href=\"#\(Self.anchor(section))\">\(section.rawValue)</a>"]
        + outcomes.map { name in
          let count = members.count { $0.verdict.outcome.name == name }
          return count == 0 ? "" : "\(count)"
        }
    }
    return ReportPage.table([""] + outcomes, rows, style: "counts")
  }

  private func add(_ members: [Entry], to page: inout ReportPage) {
    func isNotRun(_ entry: Entry) -> Bool { if case .notRun = entry.verdict.outcome { true } else { false } }
    for entry in members where !isNotRun(entry) { page.add(claim(entry)) }
    let rest = members.filter(isNotRun)
    guard !rest.isEmpty else { return }
    page.add("<details>", "<summary>\(Self.badge(rest[0].verdict.outcome)) \(rest.count)</summary>")
    page.add(
      ReportPage.table(
        ["", "", "reason"],
        rest.map {
          [
            "<b>\(Markup.escape($0.claim.id))</b>",
            ($0.claim.quotedWords.map { "<q class=\"words\">\(Markup.escape($0))</q> " } ?? "")
              + Markup.escape($0.claim.statement),
            Markup.escape($0.verdict.outcome.qualifier ?? ""),
          ]
        }, style: "numbers"))
    page.add("</details>")
  }

  private func claim(_ entry: Entry) -> [String] {
    let (claim, verdict) = (entry.claim, entry.verdict)
    let id = Markup.escape(claim.id)
    let lead = verdict.outcome.isConclusive ? "Only if" : "Because"
    let condition = verdict.outcome.qualifier.map { " <em>\(lead)</em> \(Markup.escape($0))." } ?? ""
    let words = claim.quotedWords.map { "<q class=\"words\">\(Markup.escape($0))</q> " } ?? ""
    var lines = [
      "<details id=\"\(id)\">",
      "<summary>\(Self.badge(verdict.outcome)) <span class=\"id\">\(id)</span> \(words)"
        + "\(Markup.escape(claim.statement))\(condition)"
        + "<span class=\"numbers\">\(Markup.escape(verdict.summary))</span></summary>",
    ]
    if let figure = claim.figure?.drawing {
      lines += ["<div class=\"figure\">", figure.embedded(as: id), "</div>"]
    }
    var terms: [(String, String)] = [("Kind", claim.kind.title), ("Source", claim.source.text)]
    if let words = claim.quotedWords { terms.append(("The paper's words", words)) }
    terms.append(("Formal statement", claim.statement))
    terms += claim.assumptions.map { ("Assumed", $0) }
    terms += [
      ("Procedure", claim.procedure), ("Refuted by", claim.refutedBy),
      (
        "In the tree",
        "\(ClaimTree.path(to: claim.leaf)), weight \(claim.weight.rawValue): \(claim.weight.text)"
      ),
      (
        "Variant",
        "\(entry.provenance.variant); seed \(entry.provenance.seed), procedure \(entry.provenance.procedureVersion), "
          + "tier \(claim.tier.rawValue)"
      ),
    ]
    lines += ["<dl>"] + terms.map { "<dt>\($0.0)</dt><dd>\(Markup.escape($0.1))</dd>" }
    lines += ["<dt>Repeat</dt><dd><code>\(Markup.escape(entry.command))</code></dd>", "</dl>"]
    if !verdict.measurements.isEmpty {
      let rows = verdict.measurements.map { m in
        [
          m.mark, m.name, m.valueText + (m.unit.isEmpty ? "" : " \(m.unit)"), m.expectationText, m.reason,
        ].map(Markup.escape)
      }
      lines += ReportPage.table(["", "quantity", "value", "expected", "why"], rows, style: "numbers")
    }
    lines += verdict.details.map { "<p class=\"soft\">\(Markup.escape($0))</p>" }
    return lines + ["</details>"]
  }

  private static func anchor(_ section: ReportSection) -> String { "section-\(section)" }

  private static func style(_ outcome: String) -> String { outcome.replacing(" ", with: "-") }

  private static func badge(_ outcome: Outcome) -> String {
    "<span class=\"badge \(style(outcome.name))\">\(outcome.name)</span>"
  }

  /// The plane of Theorem 1's factor, over the radii of the papers and a larger range.
  private static var amplification: Figure? {
    try? AmplificationFigure.draw(
      radii: 0.01...2, reach: 100, linear: 1,
      title: "What the ascent does to the gradient along an eigenvector", width: 400)
  }
}
