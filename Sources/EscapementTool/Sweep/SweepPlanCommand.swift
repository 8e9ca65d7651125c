import ArgumentParser
import EscapementArtifacts
import EscapementDrawing
import Foundation
import EscapementTraining
import EscapementVerification

/// `escapement sweep plan`: freezes the runs.
struct SweepPlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Writes the runs of a product of flags, or those that claims still need.",
    discussion: """
      One row a run: its task index, its name (the hash of its recipe, and the seed) and its recipe. Beside it FILE.json \
      has the version and the SHA-256 of the rows. A plan is never written over by another.
      """)

  @OptionGroup var grid: SweepGrid
  @Option(
    help: ArgumentHelp(
      """
      In place of --preset: the runs that these claims ("all": all of --tier) need and the evidence lacks, as \
      `verify --plan` lists them.
      """, valueName: "ids"))
  var claims: String?
  @Option(name: .customLong("tier"), help: "Tiers of --claims, separated by commas.")
  var tierList = "fixture,cifar,paper"
  @OptionGroup var evidence: EvidenceOptions
  @Option(help: ArgumentHelp("The plan.", valueName: "sweep.csv")) var out: OutputFile
  @Flag(help: "Print one JSON object.") var json = false
  @OptionGroup var tables: TableOptions

  func validate() throws {
    guard (grid.preset == nil) != (claims == nil) else {
      throw ValidationError("give --preset or --claims, one of them")
    }
  }

  func run() throws {
    let file = try out.checked(as: .record)
    let rows = try claims.map(claimedRows) ?? grid.rows()
    guard !rows.isEmpty else {
      Console.error("the claims need no run that the evidence lacks")
      throw ExitCode(ExitStatus.inconclusive.rawValue)
    }
    let manifest = try SweepManifest(rows, version: PackageVersion.current)
    if manifest.rows.count < rows.count {
      Console.note("\(rows.count - manifest.rows.count) rows are runs that are in the plan already: left out")
    }
    let writing = try manifest.write(to: file)
    if writing == .present { Console.note("\(out) is there already, with the same rows") }
    if json { return Console.output(manifest.record) }
    var table = TextTable(
      heading: ["recipe", "preset", "ρ", "epochs", "runs"], rightAligned: [3, 4])
    var places: [Digest: Int] = [:]
    for row in manifest.rows {
      if let place = places[row.group] {
        table.rows[place][4] = String((Int(table.rows[place][4]) ?? 0) + 1)
      } else {
        places[row.group] = table.rows.count
        table.rows.append([
          String(row.group.hex.prefix(16)), row.recipe.preset, row.rho, String(row.recipe.epochs), "1",
        ])
      }
    }
    Console.print(table, in: tables.layout)
    Console.note("\(manifest.rows.count) runs, indices 0 to \(manifest.rows.count - 1), in \(out)")
  }

  private func claimedRows(_ list: String) throws -> [SweepRow] {
    let ids = list == "all" ? [] : ClaimCatalog.words(of: list)
    let selected = try ClaimCatalog.standard.selecting(ids: ids, tiers: Tier.set(tierList))
    return try VerificationPlan(selected, archive: evidence.archive()).rows
  }
}
