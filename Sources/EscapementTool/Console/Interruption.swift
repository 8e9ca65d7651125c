import Foundation
import Synchronization

/// A global variable, because a signal handler is a C function and cannot capture values.
private let signaled = Atomic<Bool>(false)
/// Whether this process tells what ended it; of several ranks only one does.
private let speaks = Atomic<Bool>(true)

private func note(signal number: Int32) {
  signaled.store(true, ordering: .relaxed)
  signal(number, SIG_DFL)
}

/// Writes one line and ends the process, with functions that a handler may call.
private func end(signal number: Int32) {
  let line: StaticString = "escapement: interrupted; run the command again\n"
  if speaks.load(ordering: .relaxed) { _ = write(STDERR_FILENO, line.utf8Start, line.utf8CodeUnitCount) }
  // The raw value of `ExitStatus.interrupted`.
  _exit(75)
}

/// SIGINT, SIGTERM, SIGHUP and SIGUSR1 (which schedulers send before a time limit).
///
/// Every command ends with one line and exit code 75. A long computation instead reads a flag between its steps: the
/// first signal then requests an orderly end, and a second one ends the process at once.
enum Interruption {
  /// Whether a signal has arrived.
  static var isRequested: Bool { signaled.load(ordering: .relaxed) }

  /// Ends the process at a signal from now on, until `catchSignals`.
  static func endOnSignals() {
    speaks.store(Job.leads, ordering: .relaxed)
    handle(with: end(signal:))
  }

  /// Only notes a signal from now on, for a command that reads `isRequested`.
  static func catchSignals() {
    // Use the variable before a handler can run; otherwise the handler would initialize it.
    signaled.store(false, ordering: .relaxed)
    handle(with: note(signal:))
  }

  private static func handle(with handler: @escaping @convention(c) (Int32) -> Void) {
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM, SIGUSR1, SIGHUP] {
      // nohup has SIGHUP ignored, and it stays so.
      if number == SIGHUP, isIgnored(number) { continue }
      sigaddset(&signals, number)
      signal(number, handler)
    }
    // A parent that starts this process from a worker thread may pass a mask that blocks all signals.
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(number, nil, &action) == 0 else { return false }
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
      == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
