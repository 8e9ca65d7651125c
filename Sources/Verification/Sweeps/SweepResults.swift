import EscapementStatistics
import EscapementArtifacts
import EscapementCurvature
import EscapementKernels

/// The results of a sweep so far: every row of the plan, whether its run is done or not, and the means over seeds.
package struct SweepResults: Sendable {
  /// A row of the plan with the state of its run.
  package struct Row: Sendable {
    /// The task index.
    package var index: Int
    /// The planned run.
    package var row: SweepRow
    /// The state of the run.
    package var finding: SweepFolder.Finding

    /// The last epoch of a run that is done; nil for other runs, whose figures are not final.
    package var last: RecordedEpoch? { finding.state == .done ? finding.run?.epochs.last : nil }
    /// The numeric contract of a run that is done.
    package var contract: NumericContract? { finding.state == .done ? finding.run?.contract : nil }
    /// The first epoch with the best test accuracy, chosen on the test images.
    package var best: RecordedEpoch? { finding.state == .done ? finding.run?.best : nil }
    /// The epoch that the run selects (`RecordedRun.selected`), chosen on the test images too.
    package var selected: RecordedEpoch? { finding.state == .done ? finding.run?.selected : nil }
  }

  /// The rows that differ only in their seed.
  package struct Group: Sendable {
    /// The digest of the recipe without its seed.
    package var digest: Digest
    /// The rows, by index.
    package var rows: [Row]

    /// The number of runs that are done.
    package var done: Int { rows.count { $0.finding.state == .done } }
    /// Whether all planned runs are done; means of fewer seeds settle nothing.
    package var isComplete: Bool { done == rows.count }

    /// "complete (9 of 9)" or "inconclusive (7 of 9)", with the number of diverged runs, which would diverge again.
    package var standing: String {
      let diverged = rows.count { if case .diverged = $0.finding.state { true } else { false } }
      return (isComplete ? "complete" : "inconclusive") + " (\(done) of \(rows.count)"
        + (diverged > 0 ? ", \(diverged) diverged)" : ")")
    }

    /// Mean of a metric over the runs that are done, after the last epoch or at another, with its standard error (divisor
    /// n − 1); nil if there is no such run.
    package func mean(
      _ metric: RunMetric, at epoch: KeyPath<Row, RecordedEpoch?> = \.last
    ) -> MeanEstimate? {
      let values = rows.compactMap { $0[keyPath: epoch]?.figures[metric] }
      return values.isEmpty ? nil : MeanEstimate(values)
    }
  }

  /// The accuracies, in the order of the files.
  package static let metrics: [(name: String, metric: RunMetric)] = [
    ("accuracy", .accuracy), ("head", .head), ("mid", .mid), ("tail", .tail),
  ]

  /// All rows of the plan, in its order.
  package let rows: [Row]
  /// The rows by recipe, in the order of the first row of each recipe.
  package let groups: [Group]

  /// Reads the state of every row of a plan.
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

  /// Whether a run selects an epoch.
  package var hasSelections: Bool { rows.contains { $0.selected != nil } }

  /// Whether every run of the plan is done.
  package var isComplete: Bool { groups.allSatisfy(\.isComplete) }
}
