import ArgumentParser
import Foundation
import EscapementVerification

/// `escapement sweep`: many runs from one frozen plan.
struct SweepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep", abstract: "Many runs from one frozen plan, on one machine or on a cluster.",
    discussion: """
      `plan` writes the runs, one a row. `run` trains the row of a task index, or hands the rows that are not done to an \
      engine: processes of its own, GNU parallel, or a Slurm job array; `export` writes a Kubernetes Job. Every command \
      may be repeated: what is done is not done again, what was interrupted goes on.

      Example: escapement sweep plan --preset fixture/ce,fixture/ce-sam --seeds 0...4 --out plan.csv
      """,
    subcommands: [
      SweepPlanCommand.self, SweepRunCommand.self, SweepStatusCommand.self, SweepCollectCommand.self,
      SweepExportCommand.self,
    ])
}

/// The plan and the location of its runs, as arguments of all subcommands except `plan`.
struct SweepPlace: ParsableArguments {
  @Argument(help: ArgumentHelp("The plan that `sweep plan` wrote.", valueName: "sweep.csv"))
  var manifest: FilePath
  @Option(help: ArgumentHelp("Folder of the runs, each under its name in the plan.", valueName: "dir"))
  var runs: FilePath

  var manifestURL: URL { manifest.url }
  var folder: SweepFolder { SweepFolder(runs.directory) }

  /// Reads the plan and checks its hashes.
  func load() throws -> SweepManifest { try SweepManifest(contentsOf: manifestURL) }
}

extension SweepResults {
  /// "12 runs: 9 done, 2 waiting, 1 diverged".
  var summary: String {
    var counts: [(name: String, count: Int)] = []
    for row in rows {
      let name = row.finding.state.name
      if let place = counts.firstIndex(where: { $0.name == name }) {
        counts[place].count += 1
      } else {
        counts.append((name, 1))
      }
    }
    return "\(rows.count) runs: " + counts.map { "\($0.count) \($0.name)" }.joined(separator: ", ")
  }

  /// Ends the command with 2 if a run of the plan is not done.
  func checkComplete() throws {
    guard isComplete else { throw ExitCode(ExitStatus.inconclusive.rawValue) }
  }
}
