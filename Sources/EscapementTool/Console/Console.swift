import Artifacts
import CKernels
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

  /// Has a tensor for which there is no memory end the process with one line, as a full disk does.
  ///
  /// Nothing is lost by it: what a checkpoint or a report is made of appears whole or not at all.
  static func endOnExhaustedMemory() {
    ek_pool_on_exhaustion { bytes in
      Console.error(
        "no memory for a tensor of \(bytes) bytes; raise the limit (ulimit -v) or take smaller batches")
      _exit(ExitStatus.missing.rawValue)
    }
  }

  /// Hands everything printed to the system; a full disk or a closed pipe is an error, not silence.
  static func flush() throws {
    guard fflush(nil) == 0 else {
      throw FileError(operation: "write", path: "standard output", code: errno)
    }
  }
}
