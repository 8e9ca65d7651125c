import EscapementTraining

/// Every loss with every update rule, if the two can be combined.
package enum MethodGrid {
  /// A loss and a rule that are not combined, and the reason.
  package struct LeftOut: Hashable, Sendable {
    /// The loss's short name.
    package let loss: String
    /// The rule's short name, or "any".
    package let optimizer: String
    /// The reason, in one line.
    package let reason: String
  }

  /// A loss and a rule that can be combined.
  package struct Pair: Sendable {
    package let loss: String
    package let optimizer: String
    package let recipe: Recipe
  }

  /// The pairs, in the order of the losses and then of the rules. Each uses deferred re-weighting; the
  /// influence-balanced loss uses its published weights, and PaCo none. Constants are the defaults of the names.
  package static let pairs: [Pair] = all.filter { refusal(of: $0.recipe) == nil }

  /// The combinations that a recipe refuses.
  package static let leftOut: [LeftOut] = all.compactMap { pair in
    refusal(of: pair.recipe).map { LeftOut(loss: pair.loss, optimizer: pair.optimizer, reason: $0) }
  }

  private static let all: [Pair] = LossChoice.byName.flatMap { loss in
    OptimizerChoice.byName.map { optimizer in
      var recipe = Recipe(preset: "", data: "fixture", loss: loss.loss, optimizer: optimizer.optimizer)
      switch loss.loss {
      case .influenceBalanced(_, let start):
        recipe.weighting = ClassWeighting(.inverseFrequency, start: start)
      case .parametricContrastive: recipe.weighting = nil
      default: recipe.weighting = .deferred()
      }
      recipe = MiniatureRun.recipe(of: recipe)
      recipe.preset = "fixture/\(recipe.method)"
      return Pair(loss: loss.name, optimizer: optimizer.name, recipe: recipe)
    }
  }

  /// The error message of a recipe that cannot be trained; nil if it can.
  private static func refusal(of recipe: Recipe) -> String? {
    do { try recipe.validate() } catch { return "\(error)" }
    return nil
  }
}
