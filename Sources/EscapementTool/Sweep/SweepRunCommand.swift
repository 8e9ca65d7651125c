import ArgumentParser
import EscapementArtifacts
import Foundation
import EscapementVerification

/// `escapement sweep run`: runs one row, or all unfinished rows on an engine.
struct SweepRunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Trains one row of a plan, or hands all that are not done to an engine.",
    discussion: """
      One row: --index, or the task index of a Slurm (SLURM_ARRAY_TASK_ID), Grid Engine (SGE_TASK_ID, from 1) or Kubernetes \
      (JOB_COMPLETION_INDEX) array. Exit code 75 means: run it again, it goes on where it was.
      """)

  enum Backend: String, ExpressibleByArgument, CaseIterable {
    case local, parallel, slurm
  }

  @OptionGroup var place: SweepPlace
  @Option(
    help: ArgumentHelp("Where the images are, as in train; not needed for fixtures.", valueName: "path"))
  var data: FilePath?
  @Option(help: "The row to train, counted from 0.") var index: Int?
  @Option(
    help: "All rows that are not done: as processes of this one, by GNU parallel, or as a Slurm job array.")
  var backend: Backend?
  @Option(help: "Rows trained at a time on this machine, by local and parallel.") var jobs = 1
  @Option(help: "Steps between checkpoints besides the one at each epoch's end, of runs that begin.")
  var checkpointEvery: Int?
  @Option(
    help: "Keep every so many epochs' checkpoint for good, as in train, of runs that begin.")
  var keepEvery: Int?
  @OptionGroup(title: "Slurm") var slurm: SlurmOptions

  func validate() throws {
    if index != nil, backend != nil { throw ValidationError("give --index or --backend, not both") }
    try CountRange.check([
      ("--index", index, 0...SweepManifest.rowLimit - 1), ("--jobs", jobs, 1...10_000),
      ("--checkpoint-every", checkpointEvery, 0...CountRange.longestInterval),
      ("--keep-every", keepEvery, 0...CountRange.longestInterval),
    ])
  }

  func run() throws {
    let manifest = try place.load()
    guard let backend else {
      return try runTask(of: manifest)
    }
    let engine = try SweepEngine(
      manifest: manifest, place: place, data: data, jobs: jobs,
      checkpointEvery: checkpointEvery, keepEvery: keepEvery)
    switch backend {
    case .local: try engine.runHere()
    case .parallel: try engine.runByParallel()
    case .slurm: try engine.submit(slurm)
    }
  }

  private func runTask(of manifest: SweepManifest) throws {
    let index = try self.index ?? TaskIndex.value(in: ProcessInfo.processInfo.environment)
    guard index < manifest.rows.count else {
      throw ToolError.usage("row \(index): \(place.manifest) has rows 0 to \(manifest.rows.count - 1)")
    }
    try SweepTask(
      row: manifest.rows[index], index: index, folder: place.folder, data: data,
      checkpointEvery: checkpointEvery, keepEvery: keepEvery
    ).run()
  }
}
