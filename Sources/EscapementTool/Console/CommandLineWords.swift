import ArgumentParser
import EscapementArtifacts
import Foundation

/// The words of a command line, read by the commands and options that the tool has.
///
/// The parser reports the first thing that it cannot use, which may follow from a slip elsewhere: after `trian --preset
/// x` it names the option, and a command checks its values before the parser misses an option. So what a failed command
/// line is told is found here, in the order of its words.
struct CommandLineWords {
  /// The words after the program's name.
  let words: [String]
  /// The command that they select, below the root, with those above it.
  let stack: [any ParsableCommand.Type]
  /// The position of the first word that selects no command.
  let rest: Int
  /// Whether the last command was selected without its name.
  let isDefault: Bool

  /// Reads the words that select a command.
  init(_ words: [String]) {
    self.words = words
    var stack: [any ParsableCommand.Type] = [Escapement.self]
    var rest = 0
    var isDefault = false
    while let node = stack.last?.configuration, !node.subcommands.isEmpty {
      if rest < words.count, let next = node.subcommands.first(where: { $0._commandName == words[rest] }) {
        stack.append(next)
        rest += 1
      } else if let standard = node.defaultSubcommand {
        stack.append(standard)
        isDefault = true
      } else {
        break
      }
    }
    (self.stack, self.rest, self.isDefault) = (stack, rest, isDefault)
  }

  /// "escapement data check": how the help of the selected command is asked for.
  var command: String {
    // The parent of a default command is what was typed.
    stack.dropLast(isDefault ? 1 : 0).map { $0._commandName }.joined(separator: " ")
  }

  /// What is wrong with the first word that names no command or option, with the nearest one; nil if all do.
  var fault: String? {
    let last = stack[stack.count - 1].configuration
    if !last.subcommands.isEmpty {
      guard rest < words.count, !words[rest].hasPrefix("-"), words[rest] != "help" else { return nil }
      let near = UnknownName.hint(words[rest], among: last.subcommands.map { $0._commandName })
      return "no command is called '\(words[rest].quotable(limit: 80))'\(near)"
    }
    let options = Option.all(of: stack[stack.count - 1])
    var index = rest
    while index < words.count, words[index] != "--" {
      let word = words[index]
      index += 1
      guard word.hasPrefix("--") else { continue }
      let name = String(word.dropFirst(2).prefix { $0 != "=" })
      guard let option = options.first(where: { $0.name == name }) else {
        if Self.builtIn.contains(name) { continue }
        let near = EditDistance.meant(by: name, among: options.map(\.name)).map { " (did you mean --\($0)?)" }
        return "unknown option '--\(name.quotable(limit: 80))'\(near ?? "")"
      }
      // The value, which may look like an option.
      if option.takesValue, !word.contains("="), index < words.count,
        option.takesAnything || !words[index].hasPrefix("-")
      {
        index += 1
      }
    }
    return nil
  }

  /// " (did you mean 'golden check'?)" for the first word of a default command that is nearly the name of one; such a
  /// word was taken for an argument.
  var misreadCommand: String {
    guard isDefault, stack.count > 1, rest < words.count, !words[rest].hasPrefix("-") else { return "" }
    let names = stack[stack.count - 2].configuration.subcommands.map { $0._commandName }
    return EditDistance.meant(by: words[rest], among: names).map {
      " (did you mean '\(([command] + [$0]).joined(separator: " "))'?)"
    } ?? ""
  }

  /// What to say of a value that begins with a dash and was taken for an option, if the parser misses a value.
  func joinedValue(after message: String) -> String {
    guard message.hasPrefix("Missing value for '--") else { return "" }
    let option = message.dropFirst("Missing value for '".count).prefix { $0 != " " && $0 != "'" }
    guard let place = words.firstIndex(of: String(option)), place + 1 < words.count,
      words[place + 1].hasPrefix("-"), !words[place + 1].hasPrefix("--")
    else { return "" }
    return " (for a value that begins with a dash: \(ShellWord.line(["\(option)=\(words[place + 1])"])))"
  }

  /// The words with a negative number after an option joined to it: "--seed -1" as "--seed=-1". The parser would take
  /// the number for an option, and say that the value is missing.
  var joiningNegativeNumbers: [String] {
    func isNegative(_ word: String) -> Bool {
      word.hasPrefix("-") && (Double(word) != nil || word.dropFirst().first?.isNumber == true)
    }
    guard words.contains(where: isNegative) else { return words }
    let options = Option.all(of: stack[stack.count - 1]).filter(\.takesValue)
    var joined: [String] = []
    for word in words {
      if isNegative(word), let last = joined.last, last.hasPrefix("--"),
        options.contains(where: { $0.name == String(last.dropFirst(2)) })
      {
        joined[joined.count - 1] = "\(last)=\(word)"
      } else {
        joined.append(word)
      }
    }
    return joined
  }

  /// Options that the parser adds to every command.
  private static let builtIn = [
    "help", "version", "help-hidden", "experimental-dump-help", "generate-completion-script",
  ]

  /// An option or flag of a command, by its long name.
  private struct Option {
    let name: String
    let takesValue: Bool
    /// Whether the word after it is its value whatever it looks like.
    let takesAnything: Bool

    /// The options of a command, from the parser's own description of it.
    static func all(of command: any ParsableCommand.Type) -> [Option] {
      let text = command._dumpHelp()
      guard let tool = try? JSON(parsing: Data(text.utf8), file: "the description of the options") else {
        return []
      }
      return (tool["command"]?["arguments"]?.array ?? []).flatMap { argument in
        (argument["names"]?.array ?? []).filter { $0["kind"]?.string == "long" }.compactMap { name in
          name["name"]?.string.map {
            Option(
              name: $0, takesValue: argument["kind"]?.string == "option",
              takesAnything: argument["parsingStrategy"]?.string == "unconditional")
          }
        }
      }
    }
  }
}
