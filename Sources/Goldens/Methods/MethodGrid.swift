import EscapementTraining

/// Every loss with every update rule, as far as the two go together.
package enum MethodGrid {
  /// A loss and a rule that are not trained together, and why.
  package struct LeftOut: Hashable, Sendable {
    /// The loss's short name.
    package let loss: String
    /// The rule's short name, or "any".
    package let optimizer: String
    /// Why, in one line.
    package let reason: String
  }

  /// A loss and a rule that go together.
  package struct Pair: Sendable {
    package let loss: String
    package let optimizer: String
    package let recipe: Recipe
  }

  /// The pairs, losses in their order and rules in theirs: deferred re-weighting with each, and with the
  /// influence-balanced loss the weights that it is published with. Constants are those that the names stand for.
  package static let pairs: [Pair] = all.filter { refusal(of: $0.recipe) == nil }

  /// What is left out: parametric contrastive learning, which this package's loop does not train, and what a recipe
  /// refuses to be made of.
  package static let leftOut: [LeftOut] =
    [
      LeftOut(
        loss: LossChoice.parametricContrastive.label, optimizer: "any",
        reason: "its loop of two views and a momentum encoder is not part of this package's training")
    ]
    + all.compactMap { pair in
      refusal(of: pair.recipe).map { LeftOut(loss: pair.loss, optimizer: pair.optimizer, reason: $0) }
    }

  private static let all: [Pair] = LossChoice.byName.flatMap { loss in
    OptimizerChoice.byName.map { optimizer in
      var recipe = Recipe(preset: "", data: "fixture", loss: loss.loss, optimizer: optimizer.optimizer)
      if case .influenceBalanced(_, let start) = loss.loss {
        recipe.weighting = ClassWeighting(.inverseFrequency, start: start)
      } else {
        recipe.weighting = .deferred()
      }
      recipe = MiniatureRun.recipe(of: recipe)
      recipe.preset = "fixture/\(recipe.method)"
      return Pair(loss: loss.name, optimizer: optimizer.name, recipe: recipe)
    }
  }

  /// Why a recipe cannot be trained, in its own words; nil where it can.
  private static func refusal(of recipe: Recipe) -> String? {
    do { try recipe.validate() } catch { return "\(error)" }
    return nil
  }
}
