import Foundation
import Synchronization

/// A global variable, because a signal handler is a C function and cannot capture values.
private let signaled = Atomic<Bool>(false)

private func note(signal number: Int32) {
  signaled.store(true, ordering: .relaxed)
  signal(number, SIG_DFL)
}

/// SIGINT, SIGTERM and SIGUSR1 (which schedulers send before a time limit) as a flag that long computations read
/// between steps.
///
/// The first signal requests an orderly end; a second one ends the process at once.
enum Interruption {
  /// Whether a signal has arrived.
  static var isRequested: Bool { signaled.load(ordering: .relaxed) }

  /// Catches the three signals from now on.
  static func catchSignals() {
    // Use the variable before a handler can run; otherwise the handler would initialize it.
    signaled.store(false, ordering: .relaxed)
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM, SIGUSR1] {
      sigaddset(&signals, number)
      signal(number, note(signal:))
    }
    // A parent that starts this process from a worker thread may pass a mask that blocks all signals.
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }
}
