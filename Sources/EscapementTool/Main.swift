import EscapementArtifacts
import ArgumentParser
import CEscapementKernels
import Foundation
import EscapementTraining

/// Parses, runs and ends the process with one line and one exit code.
@main
enum Main {
  static func main() {
    // A file beyond the limit on its size (ulimit -f) is then an error with a line, and not the end of the process.
    signal(SIGXFSZ, SIG_IGN)
    Console.endOnExhaustedMemory()
    // Rank 0 alone prints results.
    if !Job.leads { Console.discardOutput() }
    let arguments = Array(CommandLine.arguments.dropFirst())
    do {
      var command = try Escapement.parseAsRoot(arguments)
      if let problem = ek_environment_problem() {
        throw ToolError.usage(String(cString: problem))
      }
      try Job.join(for: command)
      try command.run()
      try Console.flush()
      Job.leave(status: 0)
      leave(ExitStatus.expected.rawValue)
    } catch {
      var failure = Failure(error, arguments: arguments)
      // The rank that failed says so; before ranks know each other, all fail alike and rank 0 speaks.
      if error is RankFailed { failure.line = nil }
      if Job.ranks == nil && !Job.leads {
        failure.line = nil
        // mpirun kills the others as soon as one ends with a fault: rank 0's line comes first.
        sleep(1)
      }
      end(failure)
    }
  }

  private static func end(_ failure: Failure) -> Never {
    if let text = failure.output { print(text) }
    if let line = failure.line { Console.error(line) }
    try? Console.flush()
    Job.leave(status: failure.status)
    leave(failure.status)
  }

  /// Ends without the exit handlers of libraries, none of which has anything to save: OpenBLAS's waits for its threads,
  /// and one that finds no memory for its buffer looks for it for ever.
  private static func leave(_ status: Int32) -> Never { _exit(status) }
}
