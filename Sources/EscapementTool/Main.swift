import EscapementArtifacts
import ArgumentParser
import CEscapementKernels
import Foundation
import EscapementTraining

/// Parses, runs and ends the process with one line and one exit code.
@main
enum Main {
  static func main() {
    Console.openStandardDescriptors()
    // Exceeding the limit on the size of a file (ulimit -f) is then an error with a line, and does not end the process.
    signal(SIGXFSZ, SIG_IGN)
    Console.endOnExhaustedMemory()
    Interruption.endOnSignals()
    // Only rank 0 prints results.
    if !Job.leads { Console.discardOutput() }
    let arguments = CommandLineWords(Array(CommandLine.arguments.dropFirst())).joiningNegativeNumbers
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
      // The rank that failed prints the error. Before the ranks are connected, all fail in the same way and rank 0
      // prints it.
      if error is RankFailed { failure.line = nil }
      if Job.ranks == nil && !Job.leads {
        failure.line = nil
        // mpirun kills the other ranks when one ends with an error, so wait for rank 0's line.
        sleep(1)
      }
      end(failure)
    }
  }

  private static func end(_ failure: Failure) -> Never {
    var failure = failure
    if let text = failure.output {
      Console.print(text)
      do { try Console.flush() } catch { failure = Failure(error) }
    }
    if let line = failure.line { Console.error(line) }
    Job.leave(status: failure.status)
    leave(failure.status)
  }

  /// Ends the process without the exit handlers of libraries, none of which has data to save. OpenBLAS's handler waits
  /// for its threads, and a thread without memory for its buffer never ends.
  private static func leave(_ status: Int32) -> Never { _exit(status) }
}
