import Foundation
import Synchronization

/// A global, because a signal handler is a C function and captures nothing.
private let signaled = Atomic<Bool>(false)

private func note(signal number: Int32) {
  signaled.store(true, ordering: .relaxed)
  signal(number, SIG_DFL)
}

/// SIGINT, SIGTERM and SIGUSR1 (what schedulers send ahead of a limit) as a flag that long work reads between steps.
///
/// The first signal asks for an orderly end; a second one ends the process at once.
enum Interruption {
  /// Whether a signal has arrived.
  static var isRequested: Bool { signaled.load(ordering: .relaxed) }

  /// Catches the three signals from now on.
  static func catchSignals() {
    // Touched before a handler can run: a first use inside one would initialize it there.
    signaled.store(false, ordering: .relaxed)
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM, SIGUSR1] {
      sigaddset(&signals, number)
      signal(number, note(signal:))
    }
    // A parent that starts this process from a worker thread may hand down a mask that blocks everything.
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }
}
