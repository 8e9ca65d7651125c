import EscapementOptimizers
import ArgumentParser
import EscapementArtifacts
import EscapementDrawing
import EscapementTraining
import EscapementVerification

/// `escapement presets`: the named recipes that can be trained.
struct PresetsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "presets", abstract: "Lists the presets, or shows what one resolves to.",
    discussion: """
      Names are DATA/METHOD, one for each row of the papers' tables and for every method on the fixtures.

      Example: escapement presets cifar10-lt100
      """)

  @Argument(
    help: "A preset, a data set (cifar10-lt100) or the beginning of either; all when left out.",
    completion: .presets)
  var name: String?
  @Flag(help: "Print one JSON object a preset.") var json = false
  @OptionGroup var tables: TableOptions

  func run() throws {
    let exact = Preset.all.filter { $0.name == name }
    let chosen = exact.isEmpty ? Preset.all.filter { $0.name.hasPrefix(name ?? "") } : exact
    if chosen.isEmpty { _ = try Preset.named(name ?? "") }
    if json {
      for preset in chosen { Console.print(preset.json.canonical()) }
    } else if chosen.count == 1 {
      Console.print(chosen[0].json.canonical(pretty: true))
    } else {
      var table = TextTable(
        heading: ["preset", "network", "epochs", "ρ", "rows of the papers"], rightAligned: [2])
      for preset in chosen {
        let recipe = preset.recipe
        table.rows.append([
          preset.name, recipe.architecture.description, String(recipe.epochs), Self.radius(recipe.optimizer),
          preset.rows.joined(separator: "; ") + (preset.notRun == nil ? "" : " (not run)"),
        ])
      }
      Console.print(table, in: tables.layout)
    }
  }

  private static func radius(_ optimizer: OptimizerChoice) -> String {
    func text(_ schedule: RhoSchedule) -> String {
      switch schedule {
      case .constant(let rho): "\(rho)"
      case .steps(let first, let then): ([first] + then.map(\.rho)).map { "\($0)" }.joined(separator: " → ")
      case .linear(let first, let last, _): "\(first) … \(last)"
      }
    }
    return optimizer.radii.map(text).joined(separator: ", ")
  }
}

extension CompletionKind {
  /// The names of the presets.
  static var presets: CompletionKind { .list(Preset.all.map(\.name)) }
}

extension Preset {
  /// The recipe with its further properties.
  fileprivate var json: JSON {
    [
      "name": .string(name), "method": .string(recipe.method), "recipe": recipe.json,
      "test_time": .string(testTime.rawValue), "select_every": .integer(selectEvery),
      "rows": .array(rows.map { .string($0) }), "printed": .array(printed),
      "assumptions": .array(assumptions.map { .string($0) }),
      "not_run": .optional(notRun),
    ]
  }

  /// What the papers and the repositories print for this preset: a number each, the papers' tables first. `std` is the
  /// number after "±"; no source defines it.
  private var printed: [JSON] {
    PublishedTable.all.flatMap { table in
      table.rows.filter { $0.preset == name }.flatMap { row in
        row.cells.compactMap { cell in
          cell.mean.map { mean in
            [
              "source": .string(table.source.text), "method": .string(row.method),
              "quantity": .string(cell.quantity.rawValue), "mean": .number(mean), "std": .optional(cell.std),
            ]
          }
        }
      }
    }
  }
}
