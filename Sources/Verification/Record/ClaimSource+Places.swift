extension ClaimSource {
  /// The document in one word: "poster", "supplement", "abstract", or a repository's "owner/name".
  var document: String {
    for word in ["poster", "supplement"] where paper.hasSuffix("(\(word))") { return word }
    if paper == Self.abstract.paper { return "abstract" }
    return paper.hasPrefix("github.com/") ? String(paper.dropFirst("github.com/".count)) : paper
  }

  /// The parts of the document that the place names: "§D", "Table 3", "Figure 2", "Algorithm 1", "Theorem 1", "eq. 1",
  /// and unquoted text between commas.
  var parts: [String] {
    var parts: [String] = []
    func add(_ part: String) { if !part.isEmpty && !parts.contains(part) { parts.append(part) } }
    for piece in place.split(separator: ",") where !piece.contains(where: { "\"“”".contains($0) }) {
      let text = piece.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      if Self.named(in: text).isEmpty { add(text) }
    }
    for part in Self.named(in: place) { add(part) }
    return parts
  }

  /// Sections, tables, figures, algorithms, theorems and equations in a text, with ranges expanded: "§D to §F" is three
  /// sections, "eqs. 2–4" three equations.
  private static func named(in text: String) -> [String] {
    let sections = text.matches(of: /§\s?([A-Z])(?:\s?(?:–|to)\s?§?([A-Z])\b)?/).flatMap {
      match -> [String] in
      let (_, first, last) = match.output
      return letters(from: first, to: last ?? first).map { "§\($0)" }
    }
    let numbered = text.matches(
      of: /(?i)\b(table|figure|algorithm|theorem|eq)s?\.?\s(\d+)(?:\s?(–|to|and)\s?(\d+))?/
    ).flatMap { match -> [String] in
      let (_, word, first, link, last) = match.output
      guard let low = Int(first) else { return [] }
      let high = last.flatMap { Int($0) } ?? low
      let numbers = link == "and" ? [low, high] : low <= high && high - low < 100 ? Array(low...high) : [low]
      let name =
        word.lowercased() == "eq" ? "eq." : word.prefix(1).uppercased() + word.dropFirst().lowercased()
      return numbers.map { "\(name) \($0)" }
    }
    return sections + numbered
  }

  private static func letters(from first: Substring, to last: Substring) -> [Character] {
    guard let low = first.first?.asciiValue, let high = last.first?.asciiValue, low <= high else {
      return Array(first)
    }
    return (low...high).map { Character(UnicodeScalar($0)) }
  }

  /// "supplement/Table 3" for each part; the document alone if the place names none.
  var places: [String] { parts.isEmpty ? [document] : parts.map { "\(document)/\($0)" } }

  /// The normalized form in which places are compared: lower case, single blanks, "§d" for "section D", "figure" for
  /// "fig.".
  static func normalized(_ word: String) -> String {
    // The limit is longer than any place and keeps the comparison short.
    let text = word.prefix(120).lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return text.replacing("section ", with: "§").replacing("§ ", with: "§").replacing(
      "fig. ", with: "figure ")
  }

  /// Whether a word names this document, one of its parts, or both as "DOCUMENT/PART".
  func isAt(_ word: String) -> Bool {
    let asked = Self.normalized(word)
    let whole = Self.normalized(document)
    // A repository can also be named without its owner.
    let documents =
      [whole] + (whole.contains("/") ? whole.split(separator: "/").suffix(1).map(String.init) : [])
    if documents.contains(asked) { return true }
    return parts.map(Self.normalized).contains { part in
      part == asked || documents.contains { "\($0)/\(part)" == asked }
    }
  }
}
