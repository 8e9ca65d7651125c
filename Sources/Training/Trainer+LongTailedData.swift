import Kernels
import LongTail

extension Trainer {
  /// A trainer of a recipe on long-tailed data: augmented training pictures, plain test pictures, effective-number
  /// weights of the training counts from the recipe's `drwEpoch` on.
  public init(recipe: Recipe, data: LongTailedData, options: Options = Options()) {
    self.init(
      recipe: recipe, source: AugmentedImages<Element>(data.train, seed: recipe.seed),
      test: data.test.source(Array(0..<data.test.count), of: Element.self),
      groups: data.groups, classWeights: data.effectiveNumberWeights,
      provenance: DataManifest(data).summary, options: options)
  }
}
