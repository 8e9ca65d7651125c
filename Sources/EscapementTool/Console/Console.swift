import Artifacts
import Foundation

/// Standard output for results, standard error for everything else.
enum Console {
  /// Whether standard error is a terminal, where a progress line makes sense.
  static var isTerminal: Bool { Job.leads && isatty(STDERR_FILENO) == 1 }

  /// One line on standard error, behind the program's name; of any rank.
  static func error(_ line: String) {
    write("escapement: " + (Job.leads ? "" : "rank \(Job.launched?.rank ?? 0): ") + line)
  }

  /// One line on standard error, of rank 0.
  static func note(_ line: String) { if Job.leads { write(line) } }

  private static func write(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }

  /// Sends standard output nowhere.
  static func discardOutput() {
    let nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC)
    guard nowhere >= 0 else { return }
    dup2(nowhere, STDOUT_FILENO)
    close(nowhere)
  }

  /// A JSON document on standard output.
  static func output(_ json: JSON) { print(json.canonical(pretty: true)) }

  /// Hands everything printed to the system; a full disk or a closed pipe is an error, not silence.
  static func flush() throws {
    guard fflush(nil) == 0 else {
      throw FileError(operation: "write", path: "standard output", code: errno)
    }
  }
}
