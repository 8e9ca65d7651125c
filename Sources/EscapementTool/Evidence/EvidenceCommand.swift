import ArgumentParser
import EscapementArtifacts
import EscapementDrawing
import Foundation
import EscapementKernels
import EscapementTraining
import EscapementVerification

/// `escapement evidence`: finished runs by which claims are judged.
struct EvidenceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evidence", abstract: "Finished runs that claims are judged by: never trained, only read.",
    discussion: "Example: escapement evidence add runs/a --to Evidence",
    subcommands: [List.self, Add.self, Audit.self], defaultSubcommand: List.self)

  /// `escapement evidence list [DIR…]`.
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Each run with its accuracies, its images, its digest and what it counts for.",
      discussion: "Accuracies are of the last epoch, then of the best one, chosen on the test images.")

    @Argument(
      help: ArgumentHelp("Run directories or folders of them; Evidence/ without one.", valueName: "DIR"))
    var folders: [FilePath] = []
    @Flag(help: "Print one JSON array.") var json = false
    @OptionGroup var tables: TableOptions

    func run() throws {
      let places = EvidenceOptions.places(folders)
      if places.isEmpty {
        Console.note("no folder Evidence/ here; name one, or add runs: escapement evidence add RUN")
      }
      let entries = try RunArchive(reading: places).entries
      if json { return Console.output(.array(entries.map(\.json))) }
      var table = TextTable(
        heading: [
          "run", "preset", "seed", "epochs", "accuracy", "head", "mid", "tail", "best", "images", "contract",
          "digest", "state",
        ])
      table.rightAligned = [2, 3, 4, 5, 6, 7, 8]
      table.rows = entries.map(\.cells)
      Console.print(table, in: tables.layout)
    }
  }

  /// `escapement evidence add RUN…`.
  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Copies the records and short metrics of finished runs under their recipe's digest and seed.")

    @Argument(help: ArgumentHelp("Run directories.", valueName: "RUN")) var runs: [FilePath]
    @Option(help: "The folder.") var to = FilePath(EvidenceFolder.defaultName)
    @Flag(help: "Keep the final weights too: the run's last checkpoint.") var weights = false

    func run() throws {
      let folder = EvidenceFolder(to.directory)
      for path in runs {
        let run = RunDirectory(path.directory)
        switch try folder.add(run, weights: weights) {
        case .added(let place): Console.print(place.path)
        case .present(let place): Console.print("\(place.path) is there already, with the same digests")
        case .completed(let place):
          Console.print("\(place.path) was there already, and has its final weights now")
        }
      }
    }
  }
}

extension RunArchive.Entry {
  fileprivate var cells: [String] {
    guard let run else {
      return [directory.lastPathComponent] + Array(repeating: "", count: 11) + [standing.text]
    }
    func percent(_ epoch: RecordedEpoch?, _ metric: RunMetric) -> String {
      epoch?.figures[metric].map { EpochLine.fixed($0, 2) } ?? "-"
    }
    let last = run.epochs.last
    return [
      directory.lastPathComponent, run.recipe.preset, String(run.recipe.seed),
      run.progress, percent(last, .accuracy), percent(last, .head),
      percent(last, .mid), percent(last, .tail), percent(run.best, .accuracy),
      run.isPublished ? "published" : "other", "\(run.contract)",
      run.digest.map { String($0.hex.prefix(12)) } ?? "-",
      standing.text,
    ]
  }

  fileprivate var json: JSON {
    guard let run else {
      return ["directory": .string(directory.path), "counted": false, "state": .string(standing.text)]
    }
    return [
      "directory": .string(directory.path), "preset": .string(run.recipe.preset),
      "method": .string(run.recipe.method),
      "seed": .string(String(run.recipe.seed)), "epochs": .integer(run.epochs.count),
      "epochs_planned": .integer(run.recipe.epochs), "recipe": run.recipe.json,
      "recipe_sha256": .string(run.recipeDigest.hex), "test_time": .string(run.testTime.rawValue),
      "published": .bool(run.isPublished), "data": run.data,
      "digest": run.digest.map { .string($0.hex) } ?? .null,
      NumericContract.key: run.contract.json,
      "version": .optional(run.version), "last": run.epochs.last?.json ?? .null,
      "best": run.best?.json ?? .null, "selected": run.selected?.json ?? .null,
      "counted": .bool(standing.isCounted), "state": .string(standing.text),
    ]
  }
}

extension RecordedEpoch {
  fileprivate var json: JSON {
    var fields: [String: JSON] = ["epoch": .integer(epoch), "loss": .number(loss)]
    let names: [(RunMetric, String)] = [
      (.accuracy, "accuracy"), (.head, "head"), (.mid, "mid"), (.tail, "tail"),
    ]
    for (metric, name) in names { fields[name] = figures[metric].map { .number($0) } }
    if !curvature.isEmpty { fields["curvature"] = .array(curvature.map(\.json)) }
    return .object(fields)
  }
}
