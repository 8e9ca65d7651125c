import Artifacts
import Foundation

/// Standard output for results, standard error for everything else.
enum Console {
  /// Whether standard error is a terminal, where a progress line makes sense.
  static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

  /// One line on standard error, behind the program's name.
  static func error(_ line: String) { note("escapement: " + line) }

  /// One line on standard error.
  static func note(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }

  /// A JSON document on standard output.
  static func output(_ json: JSON) { print(json.canonical(pretty: true)) }

  /// Hands everything printed to the system; a full disk or a closed pipe is an error, not silence.
  static func flush() throws {
    guard fflush(nil) == 0 else {
      throw FileError(operation: "write", path: "standard output", code: errno)
    }
  }
}
