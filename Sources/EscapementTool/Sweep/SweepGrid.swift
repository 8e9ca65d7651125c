import EscapementExperiments
import ArgumentParser
import EscapementArtifacts
import Foundation
import EscapementTraining
import EscapementVerification

/// The flags of `train` as lists; a sweep is their product.
struct SweepGrid: ParsableArguments {
  @Option(
    help: ArgumentHelp("Recipes, DATA/METHOD, separated by commas.", valueName: "list"), completion: .presets)
  var preset: String?
  @Option(help: ArgumentHelp("Radii, for the rules that have one.", valueName: "list")) var rho: String?
  @Option(help: ArgumentHelp("Thresholds of the tail, for the rules that know one.", valueName: "list"))
  var eta: String?
  @Option(
    help: ArgumentHelp(
      "Seeds: 0,1,2 or 0..<9 or 1...9; 5 is seed 5 alone, not five seeds; 0 without it.",
      valueName: "list"))
  var seeds = "0"
  @Option(help: ArgumentHelp("As in train, a list.", valueName: "list")) var epochs: String?
  @Option(help: ArgumentHelp("As in train, a list.", valueName: "list")) var compressTo: String?
  @Option(help: ArgumentHelp("As in train, a list.", valueName: "list")) var dataset: String?
  @Option(help: ArgumentHelp("As in train, a list.", valueName: "list")) var loss: String?
  @Option(help: ArgumentHelp("As in train, a list.", valueName: "list")) var optimizer: String?
  @Option(help: ArgumentHelp("As in train, a list.", valueName: "list")) var weighting: String?
  @Option(help: ArgumentHelp("As in train, a list.", valueName: "list")) var drwEpoch: String?
  @Option(help: ArgumentHelp("As in train, a list.", valueName: "list")) var batchSize: String?
  @Option(help: ArgumentHelp("As in train, a list.", valueName: "list")) var learningRate: String?
  @Option(help: ArgumentHelp("As in train, a list.", valueName: "list")) var schedule: String?
  @Option(help: ArgumentHelp("As in train, a list.", valueName: "list")) var testTime: String?
  @Option(help: ArgumentHelp("As in train, for every run.", valueName: "list")) var spectra: String?

  /// A value of a flag.
  private typealias Choice = (flag: String, value: String)

  /// The rows of the product, with presets outermost and seeds innermost, including duplicates.
  func rows() throws -> [SweepRow] {
    let spectra = try spectra.map { try SpectrumPlan(parsing: $0) }
    let seeds = try Self.seeds(seeds)
    let axes: [(flag: String, list: String?)] = [
      ("--preset", preset), ("--dataset", dataset), ("--loss", loss), ("--optimizer", optimizer),
      ("--weighting", weighting), ("--drw-epoch", drwEpoch), ("--epochs", epochs),
      ("--compress-to", compressTo), ("--batch-size", batchSize), ("--learning-rate", learningRate),
      ("--schedule", schedule), ("--test-time", testTime), ("--rho", rho), ("--eta", eta),
    ]
    var combinations: [[Choice]] = [[]]
    for axis in axes {
      guard let list = axis.list else { continue }
      let values = list.listed
      guard combinations.count * values.count * seeds.count <= SweepManifest.rowLimit else {
        throw ToolError.usage("more than \(SweepManifest.rowLimit) runs; plan them in parts")
      }
      combinations = combinations.flatMap { choices in values.map { choices + [(axis.flag, $0)] } }
    }
    let rows = try combinations.map { try Self.row($0, spectra) }
    for (flag, list, applies) in [
      ("--rho", rho, { (recipe: Recipe) in !recipe.optimizer.radii.isEmpty }),
      ("--eta", eta, { $0.optimizer.oracle.eta != nil }),
    ] where list != nil {
      let without = rows.filter { !applies($0.recipe) }
      if without.count == rows.count { throw ToolError.usage("\(flag): no rule of the plan has one") }
      for preset in Self.distinct(without.map(\.recipe.preset)) {
        Console.note("\(preset) has no \(flag.dropFirst(2)): planned without")
      }
    }
    return rows.flatMap { row in
      seeds.map { seed in
        var row = row
        row.recipe.seed = seed
        return row
      }
    }
  }

  /// The recipe that `train` selects for these flags; a radius or a threshold is omitted if the rule has none.
  private static func row(_ choices: [Choice], _ spectra: SpectrumPlan?) throws -> SweepRow {
    func command(_ choices: [Choice]) throws -> TrainCommand {
      try TrainCommand.parse(["--out=."] + choices.map { "\($0.flag)=\($0.value)" })
    }
    let plain = choices.filter { $0.flag != "--rho" && $0.flag != "--eta" }
    let base = try command(plain).chosenRecipe()
    let chosen = try command(
      choices.filter { choice in
        switch choice.flag {
        case "--rho": !base.optimizer.radii.isEmpty
        case "--eta": base.optimizer.oracle.eta != nil
        default: true
        }
      })
    let testTime = try chosen.testTime ?? Preset.named(chosen.preset ?? "").testTime
    return SweepRow(recipe: try chosen.chosenRecipe(), testTime: testTime, spectra: spectra)
  }

  private static func distinct(_ names: [String]) -> [String] {
    names.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// The seeds of a list of numbers and ranges.
  static func seeds(_ list: String) throws -> [UInt64] {
    var seeds: [UInt64] = []
    for part in list.listed {
      let isOpen = part.contains("..<")
      let ends = part.components(separatedBy: isOpen ? "..<" : "...")
      guard ends.count <= 2, let first = UInt64(ends[0]), let last = UInt64(ends[ends.count - 1]),
        first <= last, last < .max
      else {
        throw ToolError.usage("--seeds \(part.prefix(40)): give numbers such as 0,1,2 or a range 0..<9")
      }
      let count = last - first + (isOpen ? 0 : 1)
      guard count <= UInt64(SweepManifest.rowLimit - seeds.count) else {
        throw ToolError.usage("--seeds: more than \(SweepManifest.rowLimit) of them")
      }
      seeds += (0..<count).map { first + $0 }
    }
    guard !seeds.isEmpty else { throw ToolError.usage("--seeds \(list.prefix(40)): no seed") }
    return seeds
  }
}
