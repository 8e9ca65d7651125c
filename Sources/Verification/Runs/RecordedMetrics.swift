import EscapementArtifacts
import Foundation
import EscapementTraining

/// The events of `metrics.jsonl` that outlast a run: epochs, spectra, skipped steps and a divergence.
struct RecordedMetrics {
  private(set) var epochs: [RecordedEpoch] = []
  /// The step at which the run left the finite numbers.
  private(set) var divergence: Int?
  /// Steps that were not taken.
  private(set) var skipped = 0
  private let data: RecordedData
  private let recipe: Recipe
  private let spectra: CurvatureMeasurement.Plan

  /// Reads the bytes of a metrics file.
  ///
  /// A last line without its end is what an interruption leaves, and is passed over. Throws `DataError` for a line that
  /// is no event, epochs out of order, counts that contradict each other or the data, numbers that are none, and steps or
  /// evaluations that no run of the recipe has.
  init(
    _ bytes: Data, file: String, data: RecordedData, recipe: Recipe, spectra: CurvatureMeasurement.Plan
  ) throws {
    (self.data, self.recipe, self.spectra) = (data, recipe, spectra)
    let step = Data("\"event\":\"step\"".utf8)
    var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    // What follows the last end of line: nothing, or the beginning of a line.
    _ = lines.popLast()
    for (index, line) in lines.enumerated() where line.range(of: step) == nil {
      let place = "\(file) line \(index + 1)"
      let event = JSONCursor(try JSON(parsing: line, file: place), file: place)
      let name = try event.field("event")
      switch try name.string() {
      case "epoch": try addEpoch(event)
      case "spectrum": try addSpectrum(event)
      case "divergence": divergence = try event.field("step").integer(atLeast: 0)
      case "skip": skipped += 1
      // `RunDirectory.readMetrics` has compared the seal.
      case "step", MetricsSeal.event: break
      default:
        throw name.fault(
          found: try name.string(), expected: "epoch, step, skip, spectrum, divergence or seal")
      }
    }
  }

  private mutating func addEpoch(_ event: JSONCursor) throws {
    let place = try event.field("epoch")
    guard try place.integer() == epochs.count else {
      throw place.fault(found: "\(try place.integer())", expected: "\(epochs.count), the next one")
    }
    let step = try self.step(after: event)
    let loss = try self.loss(event.field("train"))
    let test = try accuracies(event.field("test"), counts: data.testCounts, of: "test set")
    guard test.all.samples == data.testSamples else {
      throw try event.field("test").fault(
        found: "\(test.all.samples) images", expected: "the \(data.testSamples) of the test set")
    }
    var figures = test.figures
    var trainingCorrect: [Int]?
    if let images = try event.optionalField("training_pictures") {
      let training = try accuracies(images, counts: data.classCounts, of: "training set")
      figures[.trainingTail] = training.figures[.tail]
      trainingCorrect = training.classes.map(\.correct)
    }
    epochs.append(
      RecordedEpoch(
        epoch: epochs.count, step: step, digest: try event.field("digest").digest(),
        correct: test.classes.map(\.correct), loss: loss, figures: figures,
        trainingCorrect: trainingCorrect))
  }

  /// Steps of an epoch: ⌈images/batch⌉.
  private var stepsPerEpoch: Int {
    let whole = data.trainingSamples / recipe.batchSize
    return whole + (whole * recipe.batchSize < data.trainingSamples ? 1 : 0)
  }

  /// The step at which an epoch ends; throws where it is not that of so many whole epochs.
  private func step(after event: JSONCursor) throws -> Int {
    let place = try event.field("step")
    let step = try place.integer(atLeast: 0)
    // At most 10⁵ epochs of 10⁹ steps.
    let expected = (epochs.count + 1) * stepsPerEpoch
    guard step == expected else {
      throw place.fault(
        found: "\(step)",
        expected: "\(expected): \(epochs.count + 1) epochs of \(stepsPerEpoch) steps of "
          + "\(recipe.batchSize) of \(data.trainingSamples) images")
    }
    return step
  }

  /// The mean loss of an epoch, whose sums must be those of its steps.
  private func loss(_ sums: JSONCursor) throws -> Double {
    let skipped = try sums.optionalField("skipped")?.integer(atLeast: 0) ?? 0
    func require(_ key: String, _ expected: Int, _ reason: String) throws {
      let cursor = try sums.field(key)
      guard try cursor.integer() == expected else {
        throw cursor.fault(found: "\(try cursor.integer())", expected: "\(expected), \(reason)")
      }
    }
    guard skipped <= stepsPerEpoch else {
      throw sums.fault(
        found: "\(skipped) steps skipped", expected: "at most the \(stepsPerEpoch) of an epoch")
    }
    try require("steps", stepsPerEpoch - skipped, "the steps of an epoch that were not skipped")
    if skipped == 0 {
      try require("samples", data.trainingSamples, "the images of the training set")
      if let evaluations = recipe.optimizer.evaluations(
        steps: stepsPerEpoch, after: epochs.count * stepsPerEpoch)
      {
        try require("evaluations", evaluations, "as \(recipe.method) asks for in \(stepsPerEpoch) steps")
      }
    }
    let loss = try sums.field("loss")
    let value = try loss.double()
    guard value.isFinite else { throw loss.fault(found: "\(value)", expected: "a finite number") }
    return value
  }

  private typealias Counts = (correct: Int, samples: Int)

  /// The counts of each class and of all, and the accuracies of all and of the groups.
  ///
  /// Throws a `DataError` where the classes' counts are not those of the set, or do not add up to those of all or of a
  /// group, and where the network answered with numbers that are none.
  private func accuracies(
    _ place: JSONCursor, counts expected: [Int]?, of set: String
  ) throws -> (classes: [Counts], all: Counts, figures: [RunMetric: Double]) {
    let rows = try place.field("per_class")
    let elements = try rows.elements()
    let classes = try elements.map(Self.counts)
    guard classes.count == data.classes else {
      throw rows.fault(found: "\(classes.count) classes", expected: "\(data.classes)")
    }
    for (label, expected) in (expected ?? []).enumerated() where classes[label].samples != expected {
      throw elements[label].fault(
        found: "\(classes[label].samples) images", expected: "the \(expected) of the \(set)")
    }
    if let cursor = try place.optionalField("not_a_number"), try cursor.integer() != 0 {
      throw cursor.fault(
        found: "\(try cursor.integer())", expected: "0: a network whose logits are no numbers has no accuracy"
      )
    }
    // Each count is at most 10⁹ and there are at most so many classes as the file has room for: no sum can overflow.
    let all = try Self.counts(place)
    let sums = classes.reduce(into: (correct: 0, samples: 0)) {
      $0.correct &+= $1.correct
      $0.samples &+= $1.samples
    }
    guard sums == all else {
      throw place.fault(
        found: "\(all.correct) of \(all.samples) images",
        expected: "\(sums.correct) of \(sums.samples), the classes' sum")
    }
    var figures: [RunMetric: Double] = [.accuracy: 100 * Double(all.correct) / Double(all.samples)]
    for group in data.groups where !group.labels.isEmpty {
      let members = group.labels.map { classes[$0] }
      let correct = members.reduce(0) { $0 + $1.correct }
      let samples = members.reduce(0) { $0 + $1.samples }
      let stated = try place.field(group.name)
      guard try Self.counts(stated) == (correct, samples) else {
        throw stated.fault(found: "other counts", expected: "\(correct) of \(samples), the classes' sum")
      }
      // Mean over classes; where they have equally many images it is the share of all, without its roundings.
      let isBalanced = members.allSatisfy { $0.samples == members[0].samples }
      figures[group.metric] =
        isBalanced
        ? 100 * Double(correct) / Double(samples)
        : members.reduce(0) { $0 + 100 * Double($1.correct) / Double($1.samples) } / Double(members.count)
    }
    return (classes, all, figures)
  }

  /// Correct images and all images of a member; at least one image, and no more than 10⁹.
  private static func counts(_ cursor: JSONCursor) throws -> Counts {
    let (correct, samples) = try (cursor.field("correct"), cursor.field("samples"))
    let counts = (correct: try correct.integer(atLeast: 0), samples: try samples.integer(atLeast: 1))
    guard counts.samples <= 1_000_000_000, counts.correct <= counts.samples else {
      throw correct.fault(
        found: "\(counts.correct) of \(counts.samples)", expected: "a share of at most 10⁹ images")
    }
    return counts
  }

  /// A run that was resumed may have measured an epoch twice; the last one counts.
  private mutating func addSpectrum(_ event: JSONCursor) throws {
    let place = try event.field("epoch")
    let epoch = try place.integer(atLeast: 0)
    guard epoch < epochs.count else {
      throw place.fault(found: "\(epoch)", expected: "one of the \(epochs.count) epochs before it")
    }
    for row in try event.field("classes").elements() {
      let measured = try CurvatureMeasurement(row, of: event, plan: spectra, data: data)
      if let earlier = epochs[epoch].curvature.firstIndex(where: { $0.label == measured.label }) {
        for metric in epochs[epoch].curvature.remove(at: earlier).figures.keys {
          epochs[epoch].figures[metric] = nil
        }
      }
      epochs[epoch].curvature.append(measured)
      epochs[epoch].figures.merge(measured.figures) { $1 }
    }
  }
}
