import Artifacts
import Foundation
import Training

/// How far the run of a row is.
public enum SweepState: Sendable, Hashable {
  /// Nothing is there that a run could go on from.
  case waiting
  /// It can go on after that many steps.
  case interrupted(step: Int)
  /// Everything that the plan asks for is there.
  case done
  /// It left the finite numbers at that step, and would again.
  case diverged(step: Int)
  /// What is there is not a run of the row, for that reason.
  case damaged(String)

  /// Whether a task of the row has work to do.
  public var isOpen: Bool {
    switch self {
    case .waiting, .interrupted: true
    case .done, .diverged, .damaged: false
    }
  }

  /// One word for tables and files.
  public var name: String {
    switch self {
    case .waiting: "waiting"
    case .interrupted: "interrupted"
    case .done: "done"
    case .diverged: "diverged"
    case .damaged: "damaged"
    }
  }

  /// One line for people.
  public var text: String {
    switch self {
    case .waiting, .done: name
    case .interrupted(let step): "interrupted after step \(step)"
    case .diverged(let step): "diverged at step \(step)"
    case .damaged(let reason): "damaged: \(reason)"
    }
  }
}

/// The folder in which a sweep's runs lie, each under its row's name: a folder of evidence.
public struct SweepFolder: Sendable {
  /// What is in the folder of a row.
  public struct Finding: Sendable {
    /// How far the run is.
    public var state: SweepState
    /// What it recorded; nil for a run that has not begun, or is damaged.
    public var run: RecordedRun?
  }

  /// The folder.
  public let url: URL

  /// A folder; nothing is read or made yet.
  public init(_ url: URL) { self.url = url }

  /// Where the run of a row is or will be.
  public func directory(of row: SweepRow) -> RunDirectory {
    RunDirectory(url.appendingPathComponent(row.id, isDirectory: true))
  }

  /// What is there of a row's run. Faults of its files are a state, not an error.
  public func finding(of row: SweepRow) -> Finding {
    let directory = directory(of: row)
    func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }
    // The record is the first file of a run, the metrics are its second.
    guard exists(directory.record) else { return Finding(state: .waiting) }
    guard exists(directory.metrics) else { return Finding(state: resting(directory)) }
    do {
      let run = try RecordedRun(directory)
      guard run.storedName == row.id else {
        return Finding(state: .damaged("a run of another recipe, \(run.storedName)"))
      }
      return Finding(state: try state(of: run, for: row, directory), run: run)
    } catch let error as any ReportedError {
      return Finding(state: .damaged(error.description))
    } catch {
      return Finding(state: .damaged("\(error)"))
    }
  }

  private func resting(_ directory: RunDirectory) -> SweepState {
    directory.checkpointedSteps().last.map { .interrupted(step: $0) } ?? .waiting
  }

  private func state(of run: RecordedRun, for row: SweepRow, _ directory: RunDirectory) throws -> SweepState {
    switch run.state {
    case .diverged(let step): return .diverged(step: step)
    case .unfinished: return resting(directory)
    case .finished: break
    }
    guard let spectra = row.spectra else { return .done }
    let measured = run.epochs.last?.figures ?? [:]
    if spectra.classes.allSatisfy({ measured[.largestEigenvalue(ofClass: $0)] != nil }) { return .done }
    let record = JSONCursor(try JSON(contentsOf: directory.record), file: directory.record.path)
    let classes = record.value["measurement"]?["classes"]?.array?.compactMap(\.integer) ?? []
    guard Set(classes).isSuperset(of: spectra.classes) else {
      return .damaged("trained without the spectra that the plan asks for")
    }
    return resting(directory)
  }
}
