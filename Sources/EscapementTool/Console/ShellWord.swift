import EscapementArtifacts

/// Words of commands, quoted for a shell.
enum ShellWord {
  /// A word for a script of any POSIX shell.
  static func quoted(_ word: String) -> String {
    // A first word with "=" would be an assignment.
    let others = (word.hasPrefix("-") ? "-_./=" : "-_./").unicodeScalars
    let plain = word.unicodeScalars.allSatisfy {
      $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || others.contains($0))
    }
    return plain && !word.isEmpty ? word : "'" + word.replacing(scalars: ["'": "'\\''"]) + "'"
  }

  /// A command for a message: one line that shows every character, to be copied into bash, zsh or ksh. A word with a
  /// tab, a line end or another character that is not seen is quoted as $'…'.
  static func line(_ words: [String]) -> String {
    words.map { $0.isVisible ? quoted($0) : escaped($0) }.joined(separator: " ")
  }

  /// The words of an option with its value; "--out=-x" for a value that begins with a dash and would be an option.
  static func option(_ name: String, _ value: String) -> [String] {
    value.hasPrefix("-") ? ["\(name)=\(value)"] : [name, value]
  }

  private static func escaped(_ word: String) -> String {
    let inner = word.unicodeScalars.map { scalar -> String in
      switch scalar {
      case "\t": return "\\t"
      case "\n": return "\\n"
      case "\\", "'": return "\\\(scalar)"
      default:
        let text = String(Character(scalar))
        if text.isVisible { return text }
        return text.utf8.map { byte in
          let digits = String(byte, radix: 16)
          return "\\x" + (digits.count < 2 ? "0" : "") + digits
        }.joined()
      }
    }
    return "$'" + inner.joined() + "'"
  }
}
