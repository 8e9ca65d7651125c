import EscapementExperiments
import EscapementArtifacts
import Foundation
import EscapementTraining

/// How far the run of a row is.
package enum SweepState: Sendable, Hashable {
  /// It has not begun.
  case waiting
  /// A process writes it; the text says which.
  case running(String)
  /// It can go on after that many steps.
  case interrupted(step: Int)
  /// Everything that the plan asks for is there.
  case done
  /// It left the finite numbers at that step, and would again.
  case diverged(step: Int)
  /// What is there is not a run of the row, for that reason.
  case damaged(String)

  /// Whether a task of the row has work to do.
  package var isOpen: Bool {
    switch self {
    case .waiting, .interrupted: true
    case .running, .done, .diverged, .damaged: false
    }
  }

  /// One word for tables and files.
  package var name: String {
    switch self {
    case .waiting: "waiting"
    case .running: "running"
    case .interrupted: "interrupted"
    case .done: "done"
    case .diverged: "diverged"
    case .damaged: "damaged"
    }
  }

  /// One line for people.
  package var text: String {
    switch self {
    case .waiting, .done: name
    case .running(let holder): "running: \(holder)"
    case .interrupted(let step): "interrupted after step \(step)"
    case .diverged(let step): "diverged at step \(step)"
    case .damaged(let reason): "damaged: \(reason)"
    }
  }
}

/// The folder in which a sweep's runs lie, each under its row's name: a folder of evidence.
package struct SweepFolder: Sendable {
  /// What is in the folder of a row.
  package struct Finding: Sendable {
    /// How far the run is.
    package var state: SweepState
    /// What it recorded; nil for a run that has not begun, or is damaged.
    package var run: RecordedRun?
  }

  /// The folder.
  package let url: URL

  /// A folder; nothing is read or made yet.
  package init(_ url: URL) { self.url = url }

  /// Where the run of a row is or will be.
  package func directory(of row: SweepRow) -> RunDirectory {
    RunDirectory(url.appendingPathComponent(row.id, isDirectory: true))
  }

  /// What is there of a row's run. Faults of its files are a state, not an error.
  package func finding(of row: SweepRow) -> Finding {
    let directory = directory(of: row)
    do {
      // Asked first: a run that ends in between is then seen as it is.
      let holder = try directory.holder()
      var finding = try resting(row, directory)
      if finding.state != .done, let holder { finding.state = .running(holder.text) }
      return finding
    } catch let error as any ReportedError {
      return Finding(state: .damaged(error.description))
    } catch {
      return Finding(state: .damaged("\(error)"))
    }
  }

  /// The same of a run that nobody writes.
  private func resting(_ row: SweepRow, _ directory: RunDirectory) throws -> Finding {
    func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }
    // The record is the first file of a run, the metrics are its second.
    guard exists(directory.record) else { return Finding(state: .waiting) }
    guard directory.hasMetrics else { return Finding(state: interrupted(directory)) }
    do {
      let run = try RecordedRun(directory)
      guard run.storedName == row.id else {
        return Finding(state: .damaged("a run of another recipe, \(run.storedName)"))
      }
      return Finding(state: try state(of: run, for: row, directory), run: run)
    } catch let error as any ReportedError {
      return Finding(state: .damaged(error.description))
    }
  }

  /// A run that was killed before its first checkpoint is begun anew by `train --resume`.
  private func interrupted(_ directory: RunDirectory) -> SweepState {
    .interrupted(step: directory.checkpointedSteps().last ?? 0)
  }

  private func state(of run: RecordedRun, for row: SweepRow, _ directory: RunDirectory) throws -> SweepState {
    switch run.state {
    case .diverged(let step): return .diverged(step: step)
    case .unfinished, .unsealed: return interrupted(directory)
    case .imported(let origin): return .damaged("weights imported from \(origin.file)")
    case .finished: break
    }
    guard let spectra = row.spectra else { return .done }
    // Measured, whether it counts or not: another run would measure the same.
    let measured = run.epochs.last?.curvature.map(\.label) ?? []
    if spectra.subjects.allSatisfy({ measured.contains($0.label) }) { return .done }
    let planned = try directory.readRecord().document.optionalField("measurement")?.field("spectra").string()
    guard let planned, try SpectrumPlan(parsing: planned).covers(spectra) else {
      return .damaged("trained without the spectra that the plan asks for")
    }
    return interrupted(directory)
  }
}
