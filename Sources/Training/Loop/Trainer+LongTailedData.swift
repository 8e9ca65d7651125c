import EscapementKernels
import EscapementLongTail
import EscapementOptimizers

extension Trainer {
  /// A trainer for a recipe on long-tailed data: augmented training images, unaugmented test images, and at the end
  /// also the unaugmented training images. `rule` is the update rule of a recipe whose optimizer is `.custom`.
  public init(
    recipe: Recipe, data: LongTailedData, options: TrainingOptions = TrainingOptions(),
    measurement: EpochMeasurement<Element>? = nil, ranks: RankAgreement? = nil,
    rule: (any UpdateRule<Element>)? = nil
  ) {
    self.init(
      recipe: recipe,
      source: AugmentedImages<Element>(data.train, recipe: recipe),
      test: data.test.source(Array(0..<data.test.count), of: Element.self),
      trainingImages: data.train.source(Array(0..<data.train.count), of: Element.self),
      groups: data.groups,
      provenance: DataManifest(data).summary, options: options,
      measurement: measurement, ranks: ranks, rule: rule)
  }
}
