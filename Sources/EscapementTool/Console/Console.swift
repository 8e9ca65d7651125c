import EscapementArtifacts
import CEscapementKernels
import Foundation

/// Standard output for results, standard error for everything else.
enum Console {
  /// Whether standard error is a terminal, on which a progress line is shown.
  static var isTerminal: Bool { Job.leads && isatty(STDERR_FILENO) == 1 }

  /// Writes one line on standard error, after the program's name, from any rank.
  static func error(_ line: String) {
    write("escapement: " + (Job.leads ? "" : "rank \(Job.launched?.rank ?? 0): ") + line)
  }

  /// Writes one line on standard error, only from rank 0.
  static func note(_ line: String) { if Job.leads { write(line) } }

  private static func write(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }

  /// Discards standard output.
  static func discardOutput() {
    let nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC)
    guard nowhere >= 0 else { return }
    dup2(nowhere, STDOUT_FILENO)
    close(nowhere)
  }

  /// Writes a JSON document on standard output.
  static func output(_ json: JSON) { print(json.canonical(pretty: true)) }

  /// Makes the process end with one line if there is no memory for a tensor, as for a full disk.
  ///
  /// No data is lost, because files of checkpoints and reports are written atomically.
  static func endOnExhaustedMemory() {
    ek_pool_on_exhaustion { bytes in
      Console.error(
        "no memory for a tensor of \(bytes) bytes; raise the limit (ulimit -v) or take smaller batches")
      _exit(ExitStatus.missing.rawValue)
    }
  }

  /// Flushes standard output. A full disk or a closed pipe is an error.
  static func flush() throws {
    guard fflush(nil) == 0 else {
      throw FileError(operation: "write", path: "standard output", code: errno)
    }
  }
}
