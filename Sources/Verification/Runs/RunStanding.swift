import EscapementDrawing
import EscapementArtifacts
import Foundation
import EscapementKernels
import EscapementTraining

/// Whether a run on disk counts as evidence, and for which presets.
package enum RunStanding: Sendable, Hashable {
  /// The run is of these presets, or of one with another radius.
  case counts(as: [String])
  /// The run stopped before its last epoch.
  case unfinished(epochs: Int, of: Int)
  /// The run stopped after its last epoch and before its metrics were sealed.
  case unsealed
  /// The run diverged to non-finite numbers.
  case diverged(step: Int)
  /// Its weights were trained elsewhere: it can show what a point is, never how it was reached.
  case imported(String)
  /// Its files are invalid.
  case damaged(String)
  /// The run repeats another one bit for bit.
  case duplicate(of: URL)
  /// The run repeats another one under an older numeric contract; only one of the two can count, because they share a
  /// seed.
  case superseded(by: URL, contract: NumericContract)
  /// Its recipe is not that of a preset; the text states the difference.
  case otherRecipe(String)

  /// Whether the run is used by claims.
  package var isCounted: Bool { if case .counts = self { true } else { false } }

  /// One readable line.
  package var text: String {
    switch self {
    case .counts(let names): "counts for \(names.joined(separator: ", "))"
    case .unfinished(let epochs, let all): "not counted: unfinished, \(epochs) of \(all) epochs"
    case .unsealed: "not counted: unfinished, its metrics are not sealed; train --resume seals them"
    case .diverged(let step): "not counted: diverged at step \(step)"
    case .imported(let file): "not counted: weights imported from \(file), whose training is not on record"
    case .damaged(let reason): "not counted: damaged: \(reason)"
    case .duplicate(let other): "not counted: the same run as \(other.lastPathComponent)"
    case .superseded(let other, let contract):
      "not counted: \(other.lastPathComponent) is the same run under contract \(contract)"
    case .otherRecipe(let reason): "not counted: \(reason)"
    }
  }
}

/// The recipes that claims use, by digest.
struct RunStandards {
  private let names: [Digest: [String]]

  init() {
    names = Dictionary(
      Preset.all.map { (RecordedRun.digest(of: $0.recipe, testTime: $0.testTime), [$0.name]) },
      uniquingKeysWith: +)
  }

  /// The digest of the recipe of a selection; nil if no preset has its name, or if its rule has no radius.
  static func digest(of selection: RunSelection) -> Digest? {
    guard let preset = Preset.all.first(where: { $0.name == selection.preset }) else { return nil }
    var recipe = preset.recipe
    if let radius = selection.radius {
      guard let changed = recipe.optimizer.with(rho: radius) else { return nil }
      recipe.optimizer = changed
    }
    return RecordedRun.digest(of: recipe, testTime: preset.testTime)
  }

  /// The standing of a run, regardless of other runs.
  func standing(of run: RecordedRun) -> RunStanding {
    switch run.state {
    case .unfinished(let epochs): return .unfinished(epochs: epochs, of: run.recipe.epochs)
    case .unsealed: return .unsealed
    case .diverged(let step): return .diverged(step: step)
    case .imported(let origin): return .imported(origin.file)
    case .finished: break
    }
    guard run.skippedSteps == 0 else {
      return .otherRecipe("it skipped \(run.skippedSteps) steps whose loss or gradient was not finite")
    }
    if let names = names[run.recipeDigest] { return .counts(as: names) }
    guard let preset = Preset.all.first(where: { $0.name == run.recipe.preset }) else {
      return .otherRecipe("no preset is called \(run.recipe.preset)")
    }
    if let radius = Self.constantRadius(run.recipe), let optimizer = preset.recipe.optimizer.with(rho: radius)
    {
      var changed = preset.recipe
      changed.optimizer = optimizer
      if RecordedRun.digest(of: changed, testTime: preset.testTime) == run.recipeDigest {
        return .counts(as: ["\(preset.name) with ρ = \(NumberText.short(radius))"])
      }
    }
    if run.recipe.epochs != preset.recipe.epochs,
      let compressed = try? preset.recipe.compressed(to: run.recipe.epochs),
      RecordedRun.digest(of: compressed, testTime: run.testTime) == run.recipeDigest
    {
      return .otherRecipe(
        "the protocol of \(preset.name) compressed from \(preset.recipe.epochs) to \(run.recipe.epochs) epochs: "
          + "another recipe than the papers'")
    }
    return .otherRecipe("its recipe is not that of \(preset.name): \(Self.difference(run, preset))")
  }

  private static func constantRadius(_ recipe: Recipe) -> Double? {
    guard recipe.optimizer.radii.count == 1, case .constant(let rho) = recipe.optimizer.radii[0] else {
      return nil
    }
    return rho
  }

  /// The members of the recipe that differ, in the order of their names.
  private static func difference(_ run: RecordedRun, _ preset: Preset) -> String {
    let (mine, theirs) = (run.recipe.json.object ?? [:], preset.recipe.json.object ?? [:])
    var keys = mine.keys.filter { $0 != "seed" && $0 != "preset" && mine[$0] != theirs[$0] }.sorted()
    if run.testTime != preset.testTime { keys.append("test_time") }
    return "other " + keys.joined(separator: ", ")
  }
}
