import Artifacts
import ArgumentParser
import CKernels
import Foundation

/// Parses, runs and ends the process with one line and one exit code.
@main
enum Main {
  static func main() {
    // A file beyond the limit on its size (ulimit -f) is then an error with a line, and not the end of the process.
    signal(SIGXFSZ, SIG_IGN)
    Console.endOnExhaustedMemory()
    let arguments = Array(CommandLine.arguments.dropFirst())
    do {
      var command = try Escapement.parseAsRoot(arguments)
      if let problem = ek_environment_problem() {
        throw ToolError.usage(String(cString: problem))
      }
      try command.run()
      try Console.flush()
      leave(ExitStatus.expected.rawValue)
    } catch {
      end(Failure(error, arguments: arguments))
    }
  }

  private static func end(_ failure: Failure) -> Never {
    if let text = failure.output { print(text) }
    if let line = failure.line { Console.error(line) }
    try? Console.flush()
    leave(failure.status)
  }

  /// Ends without the exit handlers of libraries, none of which has anything to save: OpenBLAS's waits for its threads,
  /// and one that finds no memory for its buffer looks for it for ever.
  private static func leave(_ status: Int32) -> Never { _exit(status) }
}
