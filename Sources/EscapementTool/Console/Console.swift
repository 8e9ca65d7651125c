import EscapementArtifacts
import CEscapementKernels
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
