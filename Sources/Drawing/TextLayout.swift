/// How text is laid out for a terminal or a pipe.
package struct TextLayout: Sendable, Hashable {
  /// The columns of a line; nil: lines are as long as their content.
  package var width: Int?
  /// Whether outcomes are colored by escape sequences of ECMA-48.
  package var isColored: Bool

  /// Whole lines without color.
  package static let wide = TextLayout()

  /// A layout; by default lines are whole and without color.
  package init(width: Int? = nil, isColored: Bool = false) {
    (self.width, self.isColored) = (width, isColored)
  }

  /// Each line of a text broken at blanks, with `hanging` blanks before the lines that continue one.
  package func wrapped(_ text: String, hanging: Int = 2) -> String {
    guard let width else { return text }
    return Self.lines(of: text, limit: width, hanging: hanging).joined(separator: "\n")
  }

  /// The lines of a text, those above `limit` characters broken at blanks and continued after `hanging` blanks. A word
  /// above the limit stays whole, because half a number or half a name says something else.
  package static func lines(of text: String, limit: Int, hanging: Int = 2) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { line -> [String] in
      if line.count <= limit { return [String(line)] }
      let own = line.prefix { $0 == " " }
      var lines: [String] = []
      var current = String(own)
      var isEmpty = true
      for word in line.split(separator: " ") {
        if !isEmpty, current.count + 1 + word.count > limit {
          lines.append(current)
          current = own + String(repeating: " ", count: hanging)
          isEmpty = true
        }
        current += (isEmpty ? "" : " ") + word
        isEmpty = false
      }
      return lines + [current]
    }
  }
}

/// The color of an outcome on a terminal.
enum OutcomeTone: Int {
  /// As it should be: green.
  case good = 32
  /// Neither: yellow.
  case open = 33
  /// Not as it should be: red.
  case bad = 31

  /// The beginnings of outcomes. One that is not listed has no color.
  private static let beginnings: [(tone: OutcomeTone, words: [String])] = [
    (
      .bad,
      ["refuted", "FAIL", "DIFFER", "differ", "INVALID", "KEPT", "missing", "unreferenced"]
    ),
    (.open, ["conditional", "inconclusive", "not consistent", "diverged", "not on record"]),
    (.good, ["supported", "consistent", "agree", "hold", "bits", "on record", "lost", "done"]),
  ]

  /// The tone of an outcome in words; nil if it has none.
  init?(_ outcome: String) {
    let found = Self.beginnings.first { $0.words.contains { outcome.hasPrefix($0) } }
    guard let found else { return nil }
    self = found.tone
  }

  /// The text between the sequence that sets the color and the one that ends it.
  func colored(_ text: String) -> String { "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" }
}
