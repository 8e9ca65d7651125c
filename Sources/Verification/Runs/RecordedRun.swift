import EscapementArtifacts
import Foundation
import EscapementKernels
import EscapementLongTail
import EscapementTraining

/// A training run as written by `train`: `run.json` and `metrics.jsonl`, without checkpoints.
package struct RecordedRun: Sendable {
  /// The progress of the run.
  package enum State: Sendable, Hashable {
    /// All epochs of the recipe are recorded.
    case finished
    /// The last epoch is recorded, but the seal of the metrics is missing: the run was stopped in between.
    case unsealed
    /// Only the given number of epochs is recorded.
    case unfinished(epochs: Int)
    /// The run diverged to non-finite numbers at this step.
    case diverged(step: Int)
    /// Its weights were trained elsewhere: it has one evaluation and no epochs.
    case imported(WeightsOrigin)
  }

  /// The directory.
  package let directory: URL
  /// The recipe that was trained.
  package let recipe: Recipe
  /// The augmentation of test images.
  package let testTime: TestTimeAugmentation
  /// The number of epochs between those among which one is selected; 0 if the last one stands for the run.
  package let selectEvery: Int
  /// The number of steps between links of the digest chain.
  package let digestEvery: Int
  /// The summary of the images by `DataManifest`.
  package let data: JSON
  /// The numeric contract under which it was trained.
  package let contract: NumericContract
  /// The package version that trained it; nil if not recorded.
  package let version: String?
  /// The epochs, in order from the first.
  package let epochs: [RecordedEpoch]
  /// The progress of the run.
  package let state: State
  /// The number of steps not taken because their loss or gradient was not finite (`DivergenceAction.skip`).
  package let skippedSteps: Int

  /// Reads a run; throws `MissingError` for a missing file and `DataError` for a damaged one.
  package init(_ directory: RunDirectory) throws {
    self.directory = directory.url
    let record = try directory.readRecord()
    recipe = record.recipe
    guard record.element == "F32" else {
      throw try record.document.field("element").fault(
        found: record.element, expected: "F32, the precision of training")
    }
    (testTime, digestEvery) = (record.options.testTime, record.options.digestEvery)
    selectEvery = record.options.selectEvery
    (data, contract, version) = (record.provenance, record.contract, record.version)
    let images = try RecordedData(record)
    let written = try directory.readMetrics()
    let metrics = try RecordedMetrics(
      written.bytes, file: written.file.path, data: images, record: record)
    epochs = metrics.epochs
    skippedSteps = metrics.skipped
    guard epochs.count <= recipe.epochs else {
      throw DataError(
        file: directory.metrics.path, found: "\(epochs.count) epochs",
        expected: "at most the \(recipe.epochs) of the recipe")
    }
    if let origin = record.origin {
      state = .imported(origin)
    } else if let step = metrics.divergence {
      state = .diverged(step: step)
    } else if epochs.count < recipe.epochs {
      state = .unfinished(epochs: epochs.count)
    } else {
      state = written.isSealed || !record.sealsMetrics ? .finished : .unsealed
    }
  }

  /// The digest of everything that determines the figures besides seed and images: SHA-256 of the recipe's canonical
  /// JSON without its name and seed, with the augmentation of test images.
  package var recipeDigest: Digest { Self.digest(of: recipe, testTime: testTime) }

  /// The digest of a recipe with an augmentation of test images. It does not depend on the recipe's name.
  package static func digest(of recipe: Recipe, testTime: TestTimeAugmentation) -> Digest {
    var fields = recipe.json.object ?? [:]
    fields["preset"] = nil
    fields["seed"] = nil
    let whole: JSON = ["recipe": .object(fields), "test_time": .string(testTime.rawValue)]
    return Digest(of: whole.canonical())
  }

  /// The name under which the run is stored: the first 16 digits of the recipe's digest, and the seed.
  package var storedName: String { Self.storedName(recipeDigest: recipeDigest, seed: recipe.seed) }

  /// The name of a run of a recipe and a seed.
  static func storedName(recipeDigest: Digest, seed: UInt64) -> String {
    "\(recipeDigest.hex.prefix(16))-seed\(seed)"
  }

  /// "12/200" epochs, or "imported".
  package var progress: String {
    if case .imported = state { "imported" } else { "\(epochs.count)/\(recipe.epochs)" }
  }

  /// Whether training and test images are the published files.
  package var isPublished: Bool {
    ["train", "test"].allSatisfy {
      data[$0]?["kind"]?.string == ImageProvenance.Kind.published.rawValue
    }
  }

  /// The data set's name.
  package var dataName: String { data["data"]?.string ?? recipe.data }

  /// The last link of the digest chain; nil before the end of the first epoch.
  package var digest: Digest? { epochs.last?.digest }

  /// Properties that no run of another seed shares, with their names: the links after the first and the last epoch, and
  /// the sequence of losses and test counts.
  var marks: [(Digest, String)] {
    let course = DigestStream()
    for epoch in epochs {
      course.update(Int(bitPattern: UInt(epoch.loss.bitPattern)))
      for count in epoch.correct { course.update(count) }
    }
    let links = [epochs.first, epochs.last].compactMap { $0?.digest }
    return links.map { ($0, "the digests") } + [(course.finish(), "the figures")]
  }

  /// The first epoch with the best test accuracy.
  package var best: RecordedEpoch? {
    epochs.max { ($0.figures[.accuracy] ?? 0, $1.epoch) < ($1.figures[.accuracy] ?? 0, $0.epoch) }
  }

  /// The epoch that the run selects by its mean per-class test accuracy; nil if it selects none (`EpochSelection`).
  package var selected: RecordedEpoch? {
    var selection = EpochSelection(every: selectEvery)
    for epoch in epochs { selection.consider(epoch: epoch.epoch, accuracy: epoch.selectionAccuracy) }
    return selection.epoch.map { epochs[$0] }
  }

  /// Whether the curvature of classes was measured during the run.
  package var hasSpectra: Bool {
    epochs.contains { !$0.curvature.isEmpty }
  }

  /// The figures as evidence, after `epoch` completed epochs or at the end; nil if the run has no such epoch.
  func evidence(after epoch: Int?) -> RunEvidence? {
    guard state == .finished, let place = epoch ?? Optional(epochs.count), place >= 1, place <= epochs.count
    else { return nil }
    let accuracies: Set<RunMetric> = [.accuracy, .head, .mid, .tail]
    return RunEvidence(
      seed: recipe.seed, data: dataName, isPublished: isPublished, last: epochs[place - 1].figures,
      best: (best?.figures ?? [:]).filter { accuracies.contains($0.key) }, contract: contract,
      curvature: epochs[place - 1].curvature)
  }

  /// The reason why two runs of one recipe, seed, data and numeric contract cannot both be correct; nil if they agree.
  ///
  /// The digest chain depends on the interval between links. If the intervals differ, the counts of correct images are
  /// compared instead.
  func disagreement(with other: RecordedRun) -> String? {
    for (mine, theirs) in zip(epochs, other.epochs) {
      if digestEvery == other.digestEvery, mine.digest != theirs.digest {
        return "after epoch \(mine.epoch + 1) the digest \(theirs.digest.hex.prefix(12))… where it has "
          + "\(mine.digest.hex.prefix(12))…"
      }
      if mine.correct != theirs.correct {
        return "after epoch \(mine.epoch + 1) other test counts"
      }
    }
    return nil
  }
}
