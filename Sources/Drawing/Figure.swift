/// A drawing, and the table of the values that it shows.
package struct Figure: Sendable {
  /// One self-contained SVG file, without scripts, fonts or external references.
  package let svg: String
  /// Everything drawn, as comma-separated values with a heading (RFC 4180).
  package let csv: String

  /// The meaning of a line or a marker; an entry without a style is a remark about a panel.
  package struct LegendEntry {
    package var style: SeriesStyle?
    package var text: String
    package var isLine = true

    package init(style: SeriesStyle? = nil, text: String, isLine: Bool = true) {
      self.style = style
      self.text = text
      self.isLine = isLine
    }
  }

  /// The heading of every table.
  package static let heading = "panel,series,mark,x,y,lower,upper"

  /// Lays out panels below a title and above the notes that explain them.
  package init(
    title: String, panels: [(panel: Panel, x: Double, y: Double)], width: Double, height: Double,
    legend: [LegendEntry] = [], notes: [String]
  ) {
    let heading = Self.wrapped(title, limit: Int(width / 8.6))
    let keys = legend.map { entry in
      Self.wrapped(entry.text, limit: Int((width - 70) / 6.3)).map { (entry.style, $0, entry.isLine) }
    }
    let below = notes.flatMap { Self.wrapped($0, limit: Int((width - 24) / 5.7)) }
    let top = 14 + 20 * Double(heading.count)
    var y = top + height + 8
    var parts = ["<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>"]
    for (index, line) in heading.enumerated() {
      parts.append(
        Self.text(line, x: 12, y: 22 + 20 * Double(index), attributes: "font-size=\"16\" font-weight=\"600\"")
      )
    }
    for placed in panels {
      parts.append(
        "<g transform=\"translate(\(NumberText.coordinate(placed.x)) \(NumberText.coordinate(placed.y + top)))\">"
          + placed.panel.parts.joined() + "</g>")
    }
    for lines in keys {
      for (index, (style, line, isLine)) in lines.enumerated() {
        y += 18
        if index == 0, let style {
          if isLine {
            parts.append(
              "<line x1=\"14\" y1=\"\(NumberText.coordinate(y - 4))\" x2=\"52\" y2=\"\(NumberText.coordinate(y - 4))\" "
                + "\(style.stroke(width: 2.2))/>")
          } else {
            parts.append(style.mark(x: 33, y: y - 4))
          }
        }
        parts.append(Self.text(line, x: style == nil ? 14 : 60, y: y))
      }
    }
    y += keys.isEmpty ? 0 : 6
    for line in below {
      y += 15
      parts.append(Self.text(line, x: 12, y: y, attributes: "font-size=\"11\" fill=\"#45515c\""))
    }
    let size = "\(NumberText.short(width)) \(NumberText.short(y + 14))"
    let described = notes.joined(separator: " ")
    svg =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(size)\" width=\"\(NumberText.short(width))\" "
      + "height=\"\(NumberText.short(y + 14))\" style=\"max-width:100%;height:auto\" role=\"img\" "
      + "aria-labelledby=\"title description\" font-family=\"Helvetica, Arial, 'Liberation Sans', sans-serif\" "
      + "font-size=\"12.5\" fill=\"#1c2733\">"
      + "<title id=\"title\">\(Markup.escape(title))</title>"
      + "<desc id=\"description\">\(Markup.escape(described))</desc>" + FigureColors.element
      + parts.joined(separator: "\n")
      + "</svg>\n"
    csv = ([Self.heading] + panels.flatMap { $0.panel.rows }).joined(separator: "\r\n") + "\r\n"
  }

  /// Text at a place in pixels.
  package static func text(
    _ text: String, x: Double, y: Double, anchor: String = "start", attributes: String = ""
  ) -> String {
    "<text x=\"\(NumberText.coordinate(x))\" y=\"\(NumberText.coordinate(y))\" text-anchor=\"\(anchor)\""
      + "\(attributes.isEmpty ? "" : " " + attributes)>\(lowered(Markup.escape(text)))</text>"
  }

  /// "λ_min" and "λ_max" with their index as a subscript, in escaped text.
  private static func lowered(_ text: String) -> String {
    var result = ""
    var rest = text[...]
    while let place = rest.firstRange(of: /λ_(min|max)/) {
      let index = rest[place].suffix(3)
      result += rest[..<place.lowerBound] + "λ<tspan dy=\"3\" font-size=\"75%\">\(index)</tspan>"
      rest = rest[place.upperBound...]
      guard let next = rest.first else { break }
      // The baseline is restored with the next character, which must not be the first of an escape.
      let end =
        next == "&" ? rest.firstIndex(of: ";").map(rest.index(after:)) : rest.index(after: rest.startIndex)
      let stop = end ?? rest.endIndex
      result += "<tspan dy=\"-3\">\(rest[..<stop])</tspan>"
      rest = rest[stop...]
    }
    return result + rest
  }

  /// Lines of at most `limit` characters, broken at blanks, or inside words longer than `limit`.
  package static func wrapped(_ text: String, limit: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for var word in text.split(whereSeparator: \.isWhitespace) {
      if !line.isEmpty, line.count + 1 + word.count > limit {
        lines.append(line)
        line = ""
      }
      while word.count > limit {
        lines.append(String(word.prefix(limit)))
        word = word.dropFirst(limit)
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    return line.isEmpty ? lines : lines + [line]
  }
}
