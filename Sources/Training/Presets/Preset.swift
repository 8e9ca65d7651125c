import EscapementArtifacts
import EscapementOptimizers

/// A recipe with a name, DATA/METHOD, and additional data.
public struct Preset: Hashable, Sendable {
  /// The recipe.
  public var recipe: Recipe
  /// The augmentation of test images.
  public var testTime = TestTimeAugmentation.none
  /// Epochs between those among which the reported one is selected (`TrainingOptions.selectEvery`); 0 reports the last.
  public var selectEvery = 0
  /// The tables of which it is a row; empty for fixtures.
  public var rows: [String] = []
  /// Values that no source states, with the values used here.
  public var assumptions: [String] = []
  /// The reason why no run of it is planned; nil if one is planned.
  public var notRun: String?

  /// The preset for a recipe, which contains the name.
  public init(_ recipe: Recipe) { self.recipe = recipe }

  /// DATA/METHOD.
  public var name: String { recipe.preset }

  /// The disagreement between the name and the resolved values; nil if there is none.
  ///
  /// The released run scripts contain two commands under the heading of CIFAR-100 that train on CIFAR-10, and one under
  /// that of cross-entropy that trains LDAM.
  public var labelFault: String? {
    let expected = "\(recipe.data)/\(recipe.method)"
    guard recipe.preset == expected else {
      return "the preset is called \(recipe.preset), but its values are those of \(expected)"
    }
    guard recipe.architecture.classifier == recipe.loss.classifier else {
      return
        "\(recipe.preset) has a \(recipe.architecture.classifier.rawValue) classifier, but \(recipe.loss.label) needs a"
        + " \(recipe.loss.classifier.rawValue) one"
    }
    return nil
  }

  /// All presets, in the order of their definition.
  public static let all: [Preset] = cifar + largeScale + stageWise + fixtures

  /// The preset of that name; for an unknown name it throws `HyperparameterError` with similar names.
  public static func named(_ name: String) throws -> Preset {
    if let preset = all.first(where: { $0.name == name }) { return preset }
    let data = name.prefix { $0 != "/" }
    let near = all.filter { $0.recipe.data == data }.map(\.name)
    let sets = all.map(\.recipe.data).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    throw HyperparameterError(
      name: "preset",
      value: "\"\(name.quotable(limit: 80))\"" + UnknownName.hint(name, among: all.map(\.name)),
      expected: near.isEmpty
        ? "DATA/METHOD with DATA one of \(sets.joined(separator: ", ")); `escapement presets` lists them all"
        : "one of \(near.joined(separator: ", "))")
  }
}

extension Recipe {
  /// The recipe of the preset of that name; throws as `Preset.named` does.
  public static func preset(_ name: String) throws -> Recipe { try Preset.named(name).recipe }
}
