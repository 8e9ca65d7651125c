import EscapementTraining
import EscapementVerification

/// How far the open rows of a sweep are, in epochs: what remains takes about as long as what was done.
struct SweepProgress {
  private let rows: [(index: Int, epochs: Int, directory: RunDirectory)]
  private let meter = ProgressMeter()
  private var read: ContinuousClock.Instant?

  /// The progress of these rows of a plan.
  init(_ indices: [Int], of manifest: SweepManifest, in folder: SweepFolder) {
    rows = indices.map { index in
      let row = manifest.rows[index]
      return (index, row.recipe.epochs, folder.directory(of: row))
    }
  }

  /// Shows the epochs of the whole, and of each running row its own, at most once a second.
  mutating func show(running: Set<Int>) {
    let now = ContinuousClock.now
    if let read, now - read < .seconds(1) { return }
    read = now
    let states = rows.map { row in
      (index: row.index, done: min(row.directory.epochsSeen(), row.epochs), epochs: row.epochs)
    }
    meter.show(
      "sweep, epochs", done: states.reduce(0) { $0 + $1.done }, total: states.reduce(0) { $0 + $1.epochs },
      note: Self.note(states, running: running))
  }

  /// Removes the line.
  func clear() { meter.clear() }

  /// "3 of 9 rows done, row 4: epoch 12/200, row 5: epoch 7/200".
  static func note(_ rows: [(index: Int, done: Int, epochs: Int)], running: Set<Int>) -> String {
    let finished = rows.count { $0.done == $0.epochs && !running.contains($0.index) }
    let active = rows.filter { running.contains($0.index) }.map { row in
      "row \(row.index): epoch \(min(row.done + 1, row.epochs))/\(row.epochs)"
    }
    return (["\(finished) of \(rows.count) rows done"] + active).joined(separator: ", ")
  }
}
