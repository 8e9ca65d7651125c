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
      let verb = arguments.first.flatMap { first in
        Escapement.configuration.subcommands.first { $0._commandName == first }?._commandName
      }
      let command = (["escapement"] + [verb].compactMap(\.self)).joined(separator: " ")
      status = ExitStatus.usage.rawValue
      line = Failure.oneLine(Escapement.message(for: error)) + "; see '\(command) --help'"
    } else {
      status = ExitStatus.internalFailure.rawValue
      line = "internal error: " + Failure.oneLine(String(describing: error))
    }
  }

  /// The text on one line: runs of white space become one blank, other control characters a dot.
  static func oneLine(_ text: String) -> String {
    let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return String(
      String.UnicodeScalarView(
        words.unicodeScalars.map { $0.properties.generalCategory == .control ? "·" : $0 }))
  }
}
