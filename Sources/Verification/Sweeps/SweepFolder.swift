import EscapementExperiments
import EscapementArtifacts
import Foundation
import EscapementTraining

/// The state of the run of a row.
package enum SweepState: Sendable, Hashable {
  /// The run has not begun.
  case waiting
  /// A process is writing the run; the text identifies the process.
  case running(String)
  /// The run can be resumed after the given number of steps.
  case interrupted(step: Int)
  /// Everything in the plan is done, and the final weights are on disk.
  case done
  /// The run diverged to non-finite numbers at this step, and would do so again.
  case diverged(step: Int)
  /// The files are not a run of the row, for the given reason.
  case damaged(String)

  /// Whether the row has work left to do.
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

  /// One readable line.
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

/// The folder of a sweep's runs, each named by its row. It is an evidence folder.
package struct SweepFolder: Sendable {
  /// The contents of the folder of a row.
  package struct Finding: Sendable {
    /// The state of the run.
    package var state: SweepState
    /// The recorded run; nil for a run that has not begun or is damaged.
    package var run: RecordedRun?
  }

  /// The folder.
  package let url: URL

  /// A folder; nothing is read or created yet.
  package init(_ url: URL) { self.url = url }

  /// The directory of the run of a row.
  package func directory(of row: SweepRow) -> RunDirectory {
    RunDirectory(url.appendingPathComponent(row.id, isDirectory: true))
  }

  /// The state of a row's run. Invalid files are a state, not an error.
  package func finding(of row: SweepRow) -> Finding {
    let directory = directory(of: row)
    do {
      // Query the holder first, so that a run that ends in between is read in its final state.
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

  /// The state of a run that no process is writing.
  private func resting(_ row: SweepRow, _ directory: RunDirectory) throws -> Finding {
    func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }
    // A run writes the record first and the metrics second.
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

  /// A run that was killed before its first checkpoint is restarted by `train --resume`.
  private func interrupted(_ directory: RunDirectory) -> SweepState {
    .interrupted(step: directory.checkpointedSteps().last ?? 0)
  }

  /// Whether the newest checkpoint is the run's last state, so that no command takes older weights for those of the run.
  ///
  /// Runs of an evidence folder have no checkpoints. A run in which somebody removed all of them is done too: its
  /// metrics were completed after its last checkpoint was written.
  private func hasFinalWeights(_ run: RecordedRun, _ directory: RunDirectory) -> Bool {
    guard let newest = directory.checkpointedSteps().last else { return true }
    let sidecar = directory.sidecar(step: newest)
    let tensors = sidecar.deletingPathExtension().appendingPathExtension("safetensors")
    guard newest == run.epochs.last?.step, FileManager.default.fileExists(atPath: tensors.path),
      let fields = try? CheckpointFiles.fields(sidecar: sidecar)
    else { return false }
    return (try? fields.field("digest").digest()) == run.digest
  }

  private func state(of run: RecordedRun, for row: SweepRow, _ directory: RunDirectory) throws -> SweepState {
    switch run.state {
    case .diverged(let step): return .diverged(step: step)
    case .unfinished, .unsealed: return interrupted(directory)
    case .imported(let origin): return .damaged("weights imported from \(origin.file)")
    case .finished: break
    }
    guard hasFinalWeights(run, directory) else { return interrupted(directory) }
    guard let spectra = row.spectra else { return .done }
    // A measurement suffices, whether it counts or not: another run would measure the same.
    let measured = run.epochs.last?.curvature.map(\.label) ?? []
    if spectra.subjects.allSatisfy({ measured.contains($0.label) }) { return .done }
    let planned = try directory.readRecord().document.optionalField("measurement")?.field("spectra").string()
    guard let planned, try SpectrumPlan(parsing: planned).covers(spectra) else {
      return .damaged("trained without the spectra that the plan asks for")
    }
    return interrupted(directory)
  }
}
