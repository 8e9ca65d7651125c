import EscapementDrawing

/// A self-contained page, without scripts and without external fonts or images. It is HTML and well-formed XML.
struct ReportPage {
  private let title: String
  private var body: [String] = []
  private var figures = 0

  /// A page with its heading, and below it where it is from; `contract` is the numeric contract of what it shows.
  init(title: String, heading: String, origin: ReportOrigin, contract: String) {
    self.title = title
    body = [
      "<h1>\(Markup.escape(heading))</h1>",
      "<p class=\"soft origin\">\(Markup.escape(origin.line(contract: contract)))</p>",
    ]
  }

  /// Appends lines of HTML.
  mutating func add(_ lines: String...) { body += lines }

  /// Appends lines of HTML.
  mutating func add(_ lines: [String]) { body += lines }

  /// Appends a drawing, which takes the width that there is.
  mutating func add(_ figure: Figure) {
    figures += 1
    body += ["<div class=\"figure\">", figure.embedded(as: "f\(figures)"), "</div>"]
  }

  /// Appends drawings, side by side if there is room.
  mutating func add(_ drawings: [Figure]) {
    guard !drawings.isEmpty else { return }
    body.append("<div class=\"figures\">")
    for drawing in drawings { add(drawing) }
    body.append("</div>")
  }

  /// The whole page.
  var html: String {
    let head = [
      "<!DOCTYPE html>", "<html lang=\"en\">", "<head>", "<meta charset=\"utf-8\"/>",
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>",
      "<meta name=\"color-scheme\" content=\"light dark\"/>",
      "<title>\(Markup.escape(title))</title>", "<style>", Self.style, FigureColors.style, "</style>",
      "</head>",
      "<body>",
      "<main>",
    ]
    return (head + body + ["</main>", "</body>", "</html>"]).joined(separator: "\n") + "\n"
  }

  /// A table from a heading, rows of cells in HTML, and a class that determines its layout on a narrow screen.
  static func table(_ heading: [String], _ rows: [[String]], style: String) -> [String] {
    let cells = rows.map { row in
      let named = zip(heading, row).map { name, cell in
        "<td\(name.isEmpty ? "" : " data-name=\"\(Markup.escape(name))\"")>\(cell)</td>"
      }
      return "<tr>\(named.joined())</tr>"
    }
    let titles = heading.map { "<th scope=\"col\">\(Markup.escape($0))</th>" }.joined()
    return [
      "<div class=\"scroll\">", "<table class=\"\(style)\">", "<thead><tr>\(titles)</tr></thead>", "<tbody>",
    ]
      + cells + ["</tbody>", "</table>", "</div>"]
  }

  private static let style = """
    :root { --ink: #1c2733; --soft: #56636f; --line: #d8dee5; --paper: #fff; --card: #f5f7f9; --link: #17456e;
      --good: #d5efdb; --some: #fdf0c8; --bad: #f8dcd6; --none: #e3e7eb; --mark: #1c2733; }
    @media (prefers-color-scheme: dark) {
      :root { --ink: #dde4ea; --soft: #9ba8b4; --line: #36424d; --paper: #141a20; --card: #1d252d; --link: #8fc1ee;
        --good: #1f4a2c; --some: #574712; --bad: #5c2f27; --none: #343f49; --mark: #eef2f5; }
    }
    * { box-sizing: border-box; }
    body { font: 16px/1.5 system-ui, sans-serif; margin: 0; color: var(--ink); background: var(--paper); }
    main { max-width: 64rem; margin: 0 auto; padding: 1.2rem 1rem 3rem; }
    h1 { font-size: 1.6rem; margin: 0 0 .6rem; } h2 { font-size: 1.25rem; margin: 2.2rem 0 .4rem; }
    h2.kind { font-size: 1.05rem; margin: 1rem 0 .3rem; } q.words { font-style: italic; quotes: none; }
    h3 { font-size: 1rem; margin: 1.4rem 0 .2rem; } h4 { font-size: .95rem; margin: 1rem 0 .2rem; color: var(--soft); }
    a { color: var(--link); } p, li, dd, td, summary { overflow-wrap: break-word; } .origin { font-size: .82em; margin-top: 0; }
    dd { overflow-wrap: anywhere; } td[data-name="value"], td[data-name="expected"], .counts td, .n { white-space: nowrap; }
    code { font-size: .88em; } .soft { color: var(--soft); }
    .tally { display: flex; flex-wrap: wrap; gap: .5rem; padding: 0; margin: 0 0 1rem; list-style: none; }
    .tally li { padding: .35rem .8rem; border-radius: .5rem; color: var(--mark); }
    .tally b { font-size: 1.35rem; margin-right: .35rem; }
    .scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; margin: .6rem 0 1rem; }
    th, td { text-align: left; vertical-align: top; padding: .3rem .55rem; border-bottom: 1px solid var(--line); }
    th { font-size: .82em; font-weight: 600; color: var(--soft); } .counts td + td, .counts th + th { text-align: right; }
    .runs { font-size: .88em; font-variant-numeric: tabular-nums; } .runs td, .runs th { padding: .3rem .4rem; }
    .runs td { white-space: nowrap; }
    .runs td:first-child { white-space: normal; } .numbers { font-size: .88em; }
    .badge { padding: .08rem .5rem; border-radius: .6rem; font-size: .82em; white-space: nowrap; color: var(--mark); }
    .supported { background: var(--good); } .conditional { background: var(--some); } .refuted { background: var(--bad); }
    .inconclusive, .not-run { background: var(--none); }
    .consistent, .not-consistent { background: var(--card); color: var(--ink) !important; outline: 1px solid var(--line); }
    details { border-bottom: 1px solid var(--line); padding: .45rem 0; } details[open] { padding-bottom: 1rem; }
    summary { cursor: pointer; } summary .id { font-weight: 600; margin: 0 .3rem; }
    summary .numbers { display: block; margin: .1rem 0 0 1.05rem; color: var(--soft); }
    .node { margin: 0 0 .3rem; padding: .1rem 0 .1rem .8rem; border-left: .2rem solid var(--line); }
    .node p { margin: .1rem 0; } .depth0 { margin-bottom: 1rem; } .node-claims { font-size: .88em; }
    .node-state .badge { display: inline-block; margin: .1rem 0; }
    dl { margin: .6rem 0; } dt { font-weight: 600; font-size: .88em; } dd { margin: 0 0 .5rem; }
    ul.changed { padding: .6rem 1rem .6rem 2rem; background: var(--some); color: var(--mark); border-radius: .5rem; }
    .figure { margin: 1rem 0; background: #fff; border: 1px solid var(--line); border-radius: .5rem; overflow: hidden; }
    @media screen and (prefers-color-scheme: dark) { .figure { background: #1d252d; } }
    .figure svg { display: block; margin: 0 auto; width: 100%; max-width: 30rem !important; height: auto; }
    pre { overflow-x: auto; background: var(--card); padding: .7rem; border-radius: .5rem; font-size: .82em; }
    .figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr)); gap: 1rem; }
    .figures { align-items: start; margin: 1rem 0; } .figures .figure { margin: 0; }
    @media (max-width: 40rem) {
      .numbers, .numbers tbody, .numbers tr, .numbers td { display: block; } .numbers thead { display: none; }
      .numbers td { border: 0; padding: 0 0 0 .5rem; }
      .numbers tr { border-bottom: 1px solid var(--line); padding: .35rem 0; }
      .numbers td[data-name]::before { content: attr(data-name) ": "; color: var(--soft); }
      .counts, .counts tbody { display: block; } .counts thead { display: none; }
      .counts tr { display: flex; flex-wrap: wrap; border-bottom: 1px solid var(--line); padding: .3rem 0; }
      .counts td { border: 0; padding: 0 .8rem 0 0; font-size: .88em; } .counts td:empty { display: none; }
      .counts td:first-child { flex-basis: 100%; } .counts td + td::before { content: attr(data-name) " "; color: var(--soft); }
      .runs, .runs tbody { display: block; } .runs thead { display: none; }
      .runs tr { display: flex; flex-wrap: wrap; border-bottom: 1px solid var(--line); padding: .3rem 0; }
      .runs td { border: 0; padding: 0 .7rem 0 0; font-size: .88em; }
      .runs td:first-child { flex-basis: 100%; font-weight: 600; }
      .runs td + td::before { content: attr(data-name) " "; color: var(--soft); }
    }
    @media print {
      :root { --ink: #000; --soft: #444; --line: #bbb; --paper: #fff; --card: #f5f7f9; --link: #000; --mark: #000;
        --good: #d5efdb; --some: #fdf0c8; --bad: #f8dcd6; --none: #e3e7eb; }
      body { font-size: 10pt; } main { max-width: none; padding: 0; }
      .node { break-inside: avoid; }
      .supported, .conditional, .refuted, .inconclusive, .not-run { print-color-adjust: exact; }
      .figures { display: block; } .figures .figure { margin: 0 0 .6cm; }
      .figure { border: 0; break-inside: avoid; overflow: visible; }
      .figure svg { width: auto; max-width: 100% !important; max-height: 23cm; }
      .scroll { overflow: visible; } .runs { font-size: 8pt; } .runs td, .runs th { padding: .15rem .25rem; }
      details, tr { break-inside: avoid; } h2, h3, h4 { break-after: avoid; }
    }
    """
}

extension Figure {
  /// The drawing with unique identifiers, because all drawings of a page share one name space.
  func embedded(as prefix: String) -> String {
    // The page has the style sheet once for all.
    svg.replacing(FigureColors.element, with: "").replacing("id=\"plane-", with: "id=\"\(prefix)-plane-")
      .replacing(
        "url(#plane-", with: "url(#\(prefix)-plane-"
      )
      .replacing("id=\"title\"", with: "id=\"\(prefix)-title\"")
      .replacing("id=\"description\"", with: "id=\"\(prefix)-description\"")
      .replacing(
        "aria-labelledby=\"title description\"",
        with: "aria-labelledby=\"\(prefix)-title \(prefix)-description\"")
  }
}
