import EscapementStatistics
import EscapementArtifacts
import EscapementCurvature
import EscapementKernels

/// What a sweep has brought so far: every row of the plan, whether its run is done or not, and the means over seeds.
package struct SweepResults: Sendable {
  /// A row of the plan with what is there of it.
  package struct Row: Sendable {
    /// The task index.
    package var index: Int
    /// What was planned.
    package var row: SweepRow
    /// What is there.
    package var finding: SweepFolder.Finding

    /// The last epoch of a run that is done; nil for any other, whose figures are not the recipe's.
    package var last: RecordedEpoch? { finding.state == .done ? finding.run?.epochs.last : nil }
    /// The numeric contract of a run that is done.
    package var contract: NumericContract? { finding.state == .done ? finding.run?.contract : nil }
    /// The first epoch with the best test accuracy, chosen on the test images.
    package var best: RecordedEpoch? { finding.state == .done ? finding.run?.best : nil }
  }

  /// The rows that differ in their seed alone.
  package struct Group: Sendable {
    /// The recipe, but for its seed.
    package var digest: Digest
    /// The rows, by index.
    package var rows: [Row]

    /// Runs that are done.
    package var done: Int { rows.count { $0.finding.state == .done } }
    /// Whether all that was planned is done; means of fewer seeds settle nothing.
    package var isComplete: Bool { done == rows.count }

    /// "complete (9 of 9)" or "inconclusive (7 of 9)", with the runs that diverged, which no repetition brings back.
    package var standing: String {
      let diverged = rows.count { if case .diverged = $0.finding.state { true } else { false } }
      return (isComplete ? "complete" : "inconclusive") + " (\(done) of \(rows.count)"
        + (diverged > 0 ? ", \(diverged) diverged)" : ")")
    }

    /// Mean of a metric over the runs that are done, after the last epoch or at the best one, with its standard error
    /// (divisor n − 1); nil without such a run.
    package func mean(_ metric: RunMetric, best: Bool = false) -> MeanEstimate? {
      let values = rows.compactMap { (best ? $0.best : $0.last)?.figures[metric] }
      return values.isEmpty ? nil : MeanEstimate(values)
    }
  }

  /// Accuracies in the order in which they are written.
  package static let metrics: [(name: String, metric: RunMetric)] = [
    ("accuracy", .accuracy), ("head", .head), ("mid", .mid), ("tail", .tail),
  ]

  /// All rows of the plan, in its order.
  package let rows: [Row]
  /// The rows by recipe, in the order in which recipes first come.
  package let groups: [Group]

  /// Looks at every row of a plan.
  package init(_ manifest: SweepManifest, in folder: SweepFolder) {
    rows = manifest.rows.enumerated().map {
      Row(index: $0, row: $1, finding: folder.finding(of: $1))
    }
    var places: [Digest: Int] = [:]
    var groups: [Group] = []
    for row in rows {
      let digest = row.row.group
      if let place = places[digest] {
        groups[place].rows.append(row)
      } else {
        places[digest] = groups.count
        groups.append(Group(digest: digest, rows: [row]))
      }
    }
    self.groups = groups
  }

  /// Whether every run of the plan is done.
  package var isComplete: Bool { groups.allSatisfy(\.isComplete) }
}
