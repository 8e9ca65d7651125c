// Swift compares Characters: a quote followed by a combining accent is a different Character than a quote, and two
// spellings of é are equal. Shells, CSV readers, servers and digests work with Unicode scalars. Text written for them
// is therefore processed by scalars.

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

  /// Whether both have the same Unicode scalars; `==` is also true for canonically equivalent texts.
  package func isIdentical(to other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
