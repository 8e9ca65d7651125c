/// Levenshtein distance: insertions, deletions and substitutions that turn one word into another.
package enum EditDistance {
  /// The distance of two words, scalar by scalar.
  package static func between(_ a: String, _ b: String) -> Int {
    let target = Array(b.unicodeScalars)
    var previous = Array(0...target.count)
    for (i, letter) in a.unicodeScalars.enumerated() {
      var current = [i + 1]
      for (j, other) in target.enumerated() {
        current.append(min(previous[j] + (letter == other ? 0 : 1), previous[j + 1] + 1, current[j] + 1))
      }
      previous = current
    }
    return previous[target.count]
  }

  /// The known word that was probably meant: the nearest one in any case, the first of equals, if at most a third of
  /// the letters differ, or two of them in a word of three to five; nil if none is that near.
  package static func meant(by word: String, among known: some Sequence<String>) -> String? {
    // A long word is no slip of a name; the limit keeps the comparison short.
    let letters = word.unicodeScalars.count
    guard (2...80).contains(letters) else { return nil }
    let limit = min(letters - 1, max(2, letters / 3))
    var best: (word: String, distance: Int)?
    for candidate in known {
      let distance = between(word.lowercased(), candidate.lowercased())
      if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.word
  }
}

/// A word that names none of the known things.
///
/// Exit code 64: the command was used wrongly.
package struct UnknownName: ReportedError, Hashable {
  /// What should be named: "tier", "--loss", "data set".
  package var what: String
  /// The word.
  package var name: String
  /// The names that there are.
  package var known: [String]
  /// What to say of them, if it is not their list.
  package var advice: String?

  /// A word for `what` that is none of `known`.
  package init(_ what: String, _ name: String, known: [String], advice: String? = nil) {
    self.what = what
    self.name = name
    self.known = known
    self.advice = advice
  }

  /// 64.
  package var exitCode: Int32 { 64 }

  /// "WHAT NAME is not known (did you mean X?); known are A, B".
  package var description: String {
    "\(what) \(name.isEmpty ? "\"\"" : name.quotable(limit: 80)) is not known\(Self.hint(name, among: known)); "
      + (advice ?? "known are \(known.joined(separator: ", "))")
  }

  /// " (did you mean X?)" if one of the known names was probably meant; empty if not.
  package static func hint(_ name: String, among known: some Sequence<String>) -> String {
    EditDistance.meant(by: name, among: known).map { " (did you mean \($0)?)" } ?? ""
  }
}
