// Swift compares Characters: a quote followed by a combining accent is another Character than a quote, and two spellings
// of é are one. Shells, CSV readers, servers and digests see Unicode scalars, so whatever is written for them does too.

extension String {
  /// The text with some Unicode scalars replaced.
  package func replacing(scalars replacements: [Unicode.Scalar: String]) -> String {
    var result = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      if let replacement = replacements[scalar] {
        result.append(contentsOf: replacement.unicodeScalars)
      } else {
        result.append(scalar)
      }
    }
    return String(result)
  }

  /// Whether it has the same Unicode scalars; `==` is true for canonically equivalent ones too.
  package func isIdentical(to other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
