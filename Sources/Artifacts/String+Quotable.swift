extension String {
  /// This text on one line and at most `limit` characters long, safe to quote in a message.
  ///
  /// Characters that a reader does not see, or that control a terminal, become escapes: "\n", "\t", "\u{FEFF}" (a byte
  /// order mark), "\u{A0}" (a no-break space), and "\u{20}" for a blank at an end of the text. Other blanks stay.
  public func quotable(limit: Int = 120) -> String {
    var text = ""
    var count = 0
    for scalar in unicodeScalars {
      if count == limit {
        text += "…"
        break
      }
      text += scalar.visible
      count += 1
    }
    if text.hasSuffix(" ") { text = String(text.dropLast()) + Unicode.Scalar(" ").escape }
    if text.hasPrefix(" ") { text = Unicode.Scalar(" ").escape + String(text.dropFirst()) }
    return text
  }

  /// Two texts to be quoted beside each other, so that they look different if they are.
  ///
  /// Long texts with one beginning are quoted from shortly before their first difference on. If only blanks, or
  /// spellings of one letter, differ, these are escaped too.
  package static func quotable(
    _ a: String, _ b: String, limits: (Int, Int)
  ) -> (String, String) {
    func seen(_ text: String) -> [Substring] { text.split(separator: " ") }
    let quoted = (a.quotable(limit: limits.0), b.quotable(limit: limits.1))
    let (left, right) = (Array(a.unicodeScalars), Array(b.unicodeScalars))
    let common = zip(left, right).prefix { $0 == $1 }.count
    let looksEqual = seen(quoted.0) == seen(quoted.1) || common >= Swift.min(limits.0, limits.1)
    guard looksEqual, !a.isIdentical(to: b) else { return quoted }
    let start = Swift.max(0, common - 20)
    func rest(_ scalars: [Unicode.Scalar], _ limit: Int) -> String {
      let shown = scalars[start...].prefix(limit)
      return (start > 0 ? "…" : "")
        + shown.map { $0.isASCII && $0 != " " ? $0.visible : $0.escape }.joined()
        + (scalars.count > start + limit ? "…" : "")
    }
    return (rest(left, limits.0), rest(right, limits.1))
  }

  /// Whether a reader sees every character of the text as it is.
  package var isVisible: Bool { unicodeScalars.allSatisfy { $0.visible.unicodeScalars.count == 1 } }

  /// The words of a list such as "0, 1,2", without the blanks around them. A missing word is empty.
  package var listed: [String] {
    split(separator: ",", omittingEmptySubsequences: false).map { word in
      var word = word.drop { $0.isWhitespace }
      while word.last?.isWhitespace == true { word.removeLast() }
      return String(word)
    }
  }
}

extension Unicode.Scalar {
  /// The scalar, or its escape if a reader does not see it.
  fileprivate var visible: String {
    switch self {
    case " ": return " "
    case "\t": return "\\t"
    case "\n": return "\\n"
    case "\r": return "\\r"
    default: break
    }
    switch properties.generalCategory {
    case .control, .format, .spaceSeparator, .lineSeparator, .paragraphSeparator: return escape
    default: return properties.isDefaultIgnorableCodePoint ? escape : String(Character(self))
    }
  }

  /// "\u{FEFF}".
  fileprivate var escape: String { "\\u{\(String(value, radix: 16, uppercase: true))}" }
}
