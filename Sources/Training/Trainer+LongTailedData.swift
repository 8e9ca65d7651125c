import Artifacts
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
      provenance: data.provenance, options: options)
  }
}

extension LongTailedData {
  /// What `run.json` says of the data: names, origins, digests of the pictures and of the positions kept.
  public var provenance: JSON {
    func describe(_ set: ImageSet) -> JSON {
      [
        "name": .string(set.provenance.name), "kind": .string(set.provenance.kind.rawValue),
        "source_sha256": .string(set.provenance.digest.hex), "pictures": .integer(set.count),
        "counts": .array(set.classCounts.map { .integer($0) }),
      ]
    }
    let kept = positions.map { list in
      Digest(of: list.map(String.init).joined(separator: "\n")).hex
    }
    return [
      "data": .string(name), "train": describe(train), "test": describe(test),
      "subset_sha256": kept.map { .string($0) } ?? .null,
    ]
  }
}
