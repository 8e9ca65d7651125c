import EscapementExperiments
import EscapementArtifacts
import Foundation
import EscapementTraining
import EscapementVerification

/// One row of a plan, trained in this process.
struct SweepTask {
  let row: SweepRow
  let index: Int
  let folder: SweepFolder
  /// The location of the images; nil for fixtures.
  let data: FilePath?
  /// The number of steps between checkpoints in addition to those of the epochs, for a new run.
  let checkpointEvery: Int?
  /// The number of epochs between checkpoints that are kept permanently, for a new run.
  let keepEvery: Int?

  /// Begins or resumes the run; does nothing if it is done.
  ///
  /// A run that another process is writing is not a failure: the exit code 75 tells engines to try again.
  func run() throws {
    do { try train() } catch let held as RunHeld {
      throw ToolError.interrupted("run \(index): \(held.description); run the task again later")
    }
  }

  private func train() throws {
    let directory = folder.directory(of: row)
    let finding = folder.finding(of: row)
    var arguments = ["--out", directory.url.path] + (data.map { ["--data", $0.path] } ?? [])
    switch finding.state {
    case .done:
      Console.note("run \(index), \(row.id): done already, digest \(finding.run?.digest?.hex ?? "")")
    case .running(let holder):
      throw ToolError.interrupted("run \(index), \(row.id): in use by \(holder); run the task again later")
    case .diverged(let step):
      throw ToolError.nonFinite("run \(index), \(row.id): diverged at step \(step), and would again")
    case .damaged(let reason):
      throw DataError(
        file: directory.url.path, found: reason, expected: "the run of row \(index)",
        advice: "move the directory away and run the task again")
    case .interrupted:
      arguments.append("--resume")
      try TrainCommand.parse(arguments).run()
    case .waiting:
      arguments += ["--preset", row.recipe.preset]
      var options = TrainingOptions(of: try Preset.named(row.recipe.preset))
      options.testTime = row.testTime
      if let checkpointEvery { options.checkpointEvery = checkpointEvery }
      if let keepEvery { options.keepEvery = keepEvery }
      try TrainCommand.parse(arguments).train(row.recipe, options, in: directory) { images in
        try row.spectra.map { try ClassSpectra($0, of: images.train.classes) }
      }
    }
  }
}

/// The task index that an engine passes to its tasks.
struct TaskIndex {
  /// The environment variables of engines, with the index of the first task.
  private static let variables = [
    (name: "SLURM_ARRAY_TASK_ID", first: 0), (name: "JOB_COMPLETION_INDEX", first: 0),
    // Grid Engine counts from 1, and the value is "undefined" outside an array.
    (name: "SGE_TASK_ID", first: 1),
  ]

  /// The index of the row, counted from 0; throws a usage error if no engine or more than one sets it.
  static func value(in environment: [String: String]) throws -> Int {
    let said = variables.compactMap { variable in
      environment[variable.name].map { (variable.name, $0, variable.first) }
    }.filter { $0.1 != "undefined" && !$0.1.isEmpty }
    guard let (name, text, first) = said.first else {
      throw ToolError.usage(
        "which row? give --index, run as a task of an array (\(variables.map(\.name).joined(separator: ", "))),"
          + " or give --backend")
    }
    guard said.count == 1 else {
      throw ToolError.usage("\(said.map(\.0).joined(separator: " and ")) are set: give --index")
    }
    guard let number = Int(text), number >= first else {
      throw ToolError.usage("\(name) is \(text.prefix(40)), expected a number of at least \(first)")
    }
    return number - first
  }
}
