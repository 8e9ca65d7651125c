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
    let arguments = Array(CommandLine.arguments.dropFirst())
    do {
      var command = try Escapement.parseAsRoot(arguments)
      if let problem = ek_environment_problem() {
        throw ToolError.usage(String(cString: problem))
      }
      try command.run()
      try Console.flush()
    } catch {
      end(Failure(error, arguments: arguments))
    }
  }

  private static func end(_ failure: Failure) -> Never {
    if let text = failure.output { print(text) }
    if let line = failure.line { Console.error(line) }
    try? Console.flush()
    exit(failure.status)
  }
}
