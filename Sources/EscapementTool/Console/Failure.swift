import ArgumentParser
import EscapementArtifacts

/// The end of a command that threw an error: an exit code and at most one line.
struct Failure: Equatable {
  /// The process exit code.
  var status: Int32
  /// The line for standard error, without the program's name.
  var line: String?
  /// The requested text (help, version), for standard output.
  var output: String?

  /// Maps any error; `arguments` identify the subcommand whose help a usage error mentions.
  init(_ error: any Error, arguments: [String] = []) {
    if let error = error as? any ReportedError {
      (status, line) = (error.exitCode, Failure.oneLine(error.description))
      if [ExitStatus.usage, .missing].map(\.rawValue).contains(status) {
        line? += CommandLineWords(arguments).misreadCommand
      }
      return
    }
    if let code = error as? ExitCode {
      status = code.rawValue
      return
    }
    let code = Escapement.exitCode(for: error)
    if code == .success {
      (status, output) = (code.rawValue, Escapement.fullMessage(for: error))
    } else if code == .validationFailure {
      let words = CommandLineWords(arguments)
      status = ExitStatus.usage.rawValue
      let message = Failure.listed(Escapement.message(for: error))
      line =
        (words.fault ?? message + words.joinedValue(after: message)) + "; see '\(words.command) --help'"
    } else {
      status = ExitStatus.internalFailure.rawValue
      line = "internal error: " + Failure.oneLine(String(describing: error))
    }
  }

  /// The text on one line that shows every character of what it quotes.
  static func oneLine(_ text: String) -> String { text.quotable(limit: .max) }

  /// A message of the parser, which lists values on lines of their own, on one line.
  private static func listed(_ text: String) -> String {
    let lines = text.split(separator: "\n").map { line in String(line.drop { $0 == " " }) }
    let (items, words) = (lines.filter { $0.hasPrefix("- ") }, lines.filter { !$0.hasPrefix("- ") })
    let list = items.map { $0.dropFirst(2) }.joined(separator: ", ")
    var line = (words + (list.isEmpty ? [] : [list])).joined(separator: " ")
    for lead in [". Please provide one of the following:", ". Please provide one of"] {
      line = line.replacing(lead, with: "; known are")
    }
    return oneLine(line.hasSuffix(".") ? String(line.dropLast()) : line)
  }
}
