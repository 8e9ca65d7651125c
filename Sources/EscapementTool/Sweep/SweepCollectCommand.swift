import EscapementStatistics
import ArgumentParser
import EscapementDrawing
import EscapementCurvature
import EscapementVerification

/// `escapement sweep collect`: the results, by row and over seeds.
struct SweepCollectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "collect", abstract: "Accuracies of every run of a plan, and their means over seeds.",
    discussion: """
      Rows stay whether their runs are done or not. A mean over fewer seeds than planned is inconclusive, and says of how \
      many it is. Means are of the last epoch; those of the best epoch, and of the selected one of runs that select one, \
      stand beside. Both are chosen on the test images. Exit code 0 when all are done, 2 otherwise. "74.12 ± 0.31 (sd 0.93)" \
      is a mean, its standard error, and the standard deviation of single runs (divisor n - 1), which the papers print \
      after ±.
      """)

  @OptionGroup var place: SweepPlace
  @Option(help: ArgumentHelp("Also write runs.csv, groups.csv and results.json there.", valueName: "dir"))
  var out: FilePath?
  @Flag(help: "Print one JSON object.") var json = false
  @OptionGroup var tables: TableOptions

  func run() throws {
    let results = SweepResults(try place.load(), in: place.folder)
    if let out {
      let directory = try OutputDirectory(
        out.directory,
        apartFrom: [place.manifest, FilePath(SweepManifest.recordPlace(of: place.manifestURL).path)])
      try directory.write(results.runsCSV, as: "runs.csv")
      try directory.write(results.groupsCSV, as: "groups.csv")
      try directory.write(results.json, as: "results.json")
    }
    if json {
      Console.output(results.json)
    } else {
      var table = TextTable(
        heading: ["preset", "ρ", "epochs"] + SweepResults.metrics.map(\.name)
          + (results.hasSelections ? ["best", "selected", "seeds"] : ["best", "seeds"]),
        rightAligned: Set(2..<(results.hasSelections ? 9 : 8)), keys: 2)
      table.rows = results.groups.map { group in
        let row = group.rows[0].row
        return [row.recipe.preset, row.rho, String(row.recipe.epochs)]
          + SweepResults.metrics.map { Self.text(group.mean($0.metric)) }
          + [Self.text(group.mean(.accuracy, at: \.best))]
          + (results.hasSelections ? [Self.text(group.mean(.accuracy, at: \.selected))] : [])
          + [group.standing]
      }
      Console.print(table, in: tables.layout)
      Console.note("±: standard error of the mean; sd: standard deviation over seeds, as the papers print")
    }
    try results.checkComplete()
  }

  /// "74.12 ± 0.31 (sd 0.93)": mean, standard error and standard deviation; "-" without runs.
  private static func text(_ mean: MeanEstimate?) -> String {
    guard let mean else { return "-" }
    guard let error = mean.standardError, let deviation = mean.standardDeviation else {
      return EpochLine.fixed(mean.mean, 2)
    }
    return [mean.mean, error].map { EpochLine.fixed($0, 2) }.joined(separator: " ± ")
      + " (sd \(EpochLine.fixed(deviation, 2)))"
  }
}
