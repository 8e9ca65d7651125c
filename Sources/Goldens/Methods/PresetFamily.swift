import EscapementTraining

/// Presets that differ only in data, length, network or constants, and the golden that represents them.
///
/// A family is named by the method of its presets, with "-cosine" where the learning rate follows a cosine and
/// "-rising" where the radius grows with the epochs: each takes another path through the code.
package struct PresetFamily: Sendable {
  /// The name, "ldam-drw-sam" or "ce-drw-sam-cosine-rising".
  package let name: String
  /// The presets, in the order of their definition.
  package let presets: [String]
  /// The golden's path.
  package let golden: String
  /// The recipe of the family's own golden; nil if the grid of losses and rules has one.
  package let recipe: Recipe?

  /// The families of all presets, in the order of their first members.
  package static let all: [PresetFamily] = families(of: Preset.all)

  /// The families of some presets.
  package static func families(of presets: [Preset]) -> [PresetFamily] {
    var order: [String] = []
    var members: [String: [Preset]] = [:]
    for preset in presets {
      let name = name(of: preset.recipe)
      if members[name] == nil { order.append(name) }
      members[name, default: []].append(preset)
    }
    return order.map { family(of: members[$0, default: []], called: $0) }
  }

  private static func family(of members: [Preset], called name: String) -> PresetFamily {
    let presets = members.map(\.name)
    if let pair = MethodGrid.pairs.first(where: { Self.name(of: $0.recipe) == name }) {
      return PresetFamily(
        name: name, presets: presets, golden: "\(GoldenCase.methods)/\(pair.loss)/\(pair.optimizer)",
        recipe: nil)
    }
    var recipe = MiniatureRun.recipe(of: members[0].recipe)
    recipe.data = "fixture"
    recipe.preset = "fixture/\(recipe.method)"
    return PresetFamily(
      name: name, presets: presets, golden: "\(GoldenCase.methods)/presets/\(name)", recipe: recipe)
  }

  /// The family of a recipe.
  package static func name(of recipe: Recipe) -> String {
    var name = recipe.method
    if case .cosine = recipe.schedule.curve { name += "-cosine" }
    let isConstant = recipe.optimizer.radii.allSatisfy { if case .constant = $0 { true } else { false } }
    return isConstant ? name : name + "-rising"
  }
}
