import ArgumentParser
import EscapementArtifacts
import EscapementDrawing
import EscapementVerification

/// `escapement sweep status`: the state of each run.
struct SweepStatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "How far each run of a plan is; exit code 0 when all are done, 2 otherwise.")

  @OptionGroup var place: SweepPlace
  @Flag(help: "Print one JSON array.") var json = false
  @OptionGroup var tables: TableOptions

  func run() throws {
    let results = SweepResults(try place.load(), in: place.folder)
    if json {
      Console.output(
        .array(
          results.rows.map { row in
            [
              "index": .integer(row.index), "run": .string(row.row.id),
              "preset": .string(row.row.recipe.preset), "rho": .string(row.row.rho),
              "seed": .string(String(row.row.recipe.seed)), "state": .string(row.finding.state.name),
              "detail": .string(row.finding.state.text),
              "epochs": .integer(row.finding.run?.epochs.count ?? 0),
              "epochs_planned": .integer(row.row.recipe.epochs),
            ]
          }))
    } else {
      var table = TextTable(
        heading: ["index", "run", "preset", "ρ", "seed", "epochs", "state"],
        rightAligned: [0, 4, 5], outcomes: [6])
      table.rows = results.rows.map { row in
        [
          String(row.index), row.row.id, row.row.recipe.preset, row.row.rho, String(row.row.recipe.seed),
          "\(row.finding.run?.epochs.count ?? 0)/\(row.row.recipe.epochs)", row.finding.state.text,
        ]
      }
      Console.print(table, in: tables.layout)
      Console.note(results.summary)
    }
    try results.checkComplete()
  }
}
