import Foundation
import Synchronization

/// The text of a progress line.
struct ProgressText: Equatable {
  /// What is counted, e.g. "epoch 3/200".
  var label: String
  /// The number of units done.
  var done: Int
  /// The total number of units.
  var total: Int
  /// The number of units done when the clock started: a resumed run begins in the middle.
  var doneAtStart = 0
  /// Seconds since the clock started.
  var elapsed: Double
  /// A note at the end of the line, e.g. the loss.
  var note = ""

  /// "LABEL  12% 6/50, 1m04s left, NOTE"; without an estimate before the first unit is timed.
  var line: String {
    let percent = total > 0 ? min(done, total) * 100 / total : 100
    var line = "\(label)  \(percent)% \(done)/\(total)"
    if let left = secondsLeft { line += ", \(ProgressText.duration(left)) left" }
    if !note.isEmpty { line += ", \(note)" }
    return line
  }

  /// The remaining time if the remaining units take as long as the timed ones; nil before the first.
  var secondsLeft: Double? {
    guard done > doneAtStart, done <= total, elapsed >= 0 else { return nil }
    return elapsed / Double(done - doneAtStart) * Double(total - done)
  }

  /// "8s", "3m07s", "2h05m", "4d06h": the two largest units; "?" if it is not a time.
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "?" }
    let whole = Int(seconds.rounded())
    func pair(_ large: Int, _ largeUnit: String, _ small: Int, _ smallUnit: String) -> String {
      "\(large)\(largeUnit)\(small < 10 ? "0" : "")\(small)\(smallUnit)"
    }
    switch whole {
    case ..<60: return "\(whole)s"
    case ..<3600: return pair(whole / 60, "m", whole % 60, "s")
    case ..<86400: return pair(whole / 3600, "h", whole / 60 % 60, "m")
    default: return pair(whole / 86400, "d", whole / 3600 % 24, "h")
    }
  }
}

/// One line about the work that is going on: on a terminal it is rewritten, elsewhere it is printed once a minute. It is
/// thread-safe.
final class ProgressMeter: Sendable {
  private struct State {
    var start: (done: Int, time: ContinuousClock.Instant)?
    var done = 0
    var last: ContinuousClock.Instant?
    var drawn = false
  }

  /// The time between two lines where standard error is no terminal.
  static let interval = Duration.seconds(60)

  private let isTerminal: Bool
  private let interval: Duration
  private let write: @Sendable (String) -> Void
  private let state = Mutex(State())

  /// A meter on standard error.
  convenience init() {
    self.init(isTerminal: Console.isTerminal, interval: Self.interval) { Console.note($0) }
  }

  /// A meter that prints lines by `write`, `interval` apart, if it is not on a terminal.
  init(isTerminal: Bool, interval: Duration, write: @escaping @Sendable (String) -> Void) {
    (self.isTerminal, self.interval, self.write) = (isTerminal, interval, write)
  }

  /// Redraws the line, at most ten times a second; without a terminal, prints one if none was for a minute. The clock
  /// starts with the first call, and anew where `done` falls, which begins another count.
  func show(_ label: String, done: Int, total: Int, note: String = "") {
    state.withLock { state in
      let now = ContinuousClock.now
      if done < state.done { state.start = nil }
      let start = state.start ?? (done, now)
      (state.start, state.done) = (start, done)
      if isTerminal {
        if let last = state.last, done < total, now - last < .milliseconds(100) { return }
      } else if now - (state.last ?? start.time) < interval {
        return
      }
      state.last = now
      let line = ProgressText(
        label: label, done: done, total: total, doneAtStart: start.done,
        elapsed: (now - start.time) / .seconds(1), note: note
      ).line
      guard isTerminal else { return write(line) }
      state.drawn = true
      // Write a carriage return, the line truncated to the terminal's width, and an erase to the end of the line.
      Console.draw("\r" + line.prefix(Self.width) + "\u{1B}[K")
    }
  }

  /// Removes the line, so that ordinary output can follow.
  func clear() {
    state.withLock { state in
      guard state.drawn else { return }
      state.drawn = false
      Console.draw("\r\u{1B}[K")
    }
  }

  private static var width: Int { (Console.width(of: STDERR_FILENO) ?? 80) - 1 }
}
