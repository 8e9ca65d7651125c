import EscapementArtifacts
import EscapementExperiments
import Foundation
import EscapementTraining

/// The events of `metrics.jsonl` that describe a run: epochs, spectra, skipped steps and a divergence.
struct RecordedMetrics {
  private(set) var epochs: [RecordedEpoch] = []
  /// The step at which the run diverged to non-finite numbers.
  private(set) var divergence: Int?
  /// The number of steps that were not taken.
  private(set) var skipped = 0
  private let data: RecordedData
  private let recipe: Recipe
  private let isImported: Bool
  private let spectra: CurvatureMeasurement.Plan
  /// Whether an epoch is selected by other counts than those of `test`.
  private let selectsPlain: Bool

  /// Reads the bytes of a metrics file.
  ///
  /// An incomplete last line, which an interruption may leave, is ignored. Throws `DataError` for a line that is not an
  /// event, epochs out of order, counts that contradict each other or the data, invalid numbers, and steps or
  /// evaluations that are impossible for the recipe.
  init(
    _ bytes: Data, file: String, data: RecordedData, record: RunRecord
  ) throws {
    (self.data, recipe, isImported) = (data, record.recipe, record.origin != nil)
    spectra = CurvatureMeasurement.Plan(record.measurement)
    selectsPlain = record.options.selectEvery > 0 && record.options.testTime == .flip
    let step = Data("\"event\":\"step\"".utf8)
    var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    // The text after the last newline is empty or an incomplete line.
    _ = lines.popLast()
    for (index, line) in lines.enumerated() where line.range(of: step) == nil {
      let place = "\(file) line \(index + 1)"
      let event = JSONCursor(try JSON(parsing: line, file: place), file: place)
      let name = try event.field("event")
      switch try name.string() {
      case "epoch": try addEpoch(event)
      case RunRecord.evaluation where isImported: try addEvaluation(event)
      case "spectrum": try addSpectrum(event)
      case "divergence": divergence = try event.field("step").integer(atLeast: 0)
      case "skip": skipped += 1
      // `RunDirectory.readMetrics` has already checked the seal.
      case "step", MetricsSeal.event: break
      default:
        throw name.fault(
          found: try name.string(), expected: "epoch, step, skip, spectrum, divergence or seal")
      }
    }
  }

  /// What imported weights classify correctly stands for the epoch that nobody saw.
  private mutating func addEvaluation(_ event: JSONCursor) throws {
    let place = try event.field("test")
    let test = try EpochRecord.Accuracy(place)
    epochs.append(
      RecordedEpoch(
        epoch: 0, step: 0, digest: try event.field("digest").digest(), correct: test.classes.map(\.correct),
        loss: .nan, figures: try figures(test, place, counts: data.testCounts, of: "test set")))
  }

  private mutating func addEpoch(_ event: JSONCursor) throws {
    let record = try EpochRecord(event)
    guard record.epoch == epochs.count else {
      throw try event.field("epoch").fault(
        found: "\(record.epoch)", expected: "\(epochs.count), the next one")
    }
    try checkStep(record, event)
    try checkSteps(record.train, event.field("train"))
    let testPlace = try event.field("test")
    var figures = try figures(record.test, testPlace, counts: data.testCounts, of: "test set")
    guard record.test.all.samples == data.testSamples else {
      throw testPlace.fault(
        found: "\(record.test.all.samples) images", expected: "the \(data.testSamples) of the test set")
    }
    if let images = record.trainingImages {
      let training = try self.figures(
        images, event.field("training_pictures"), counts: data.classCounts, of: "training set")
      figures[.trainingTail] = training[.tail]
    }
    if selectsPlain || record.testPlain != nil {
      let place = try event.field("test_plain")
      _ = try self.figures(.init(place), place, counts: data.testCounts, of: "test set")
    }
    epochs.append(
      RecordedEpoch(
        epoch: record.epoch, step: record.step, digest: record.digest,
        correct: record.test.classes.map(\.correct), plainCorrect: record.testPlain?.classes.map(\.correct),
        selectionAccuracy: EpochRecord.Counts.classMean((record.testPlain ?? record.test).classes),
        loss: record.train.loss, figures: figures,
        trainingCorrect: record.trainingImages?.classes.map(\.correct)))
  }

  /// The number of steps of an epoch.
  private var stepsPerEpoch: Int { recipe.steps(samples: data.trainingSamples) }

  /// Throws an error if the step at the end of an epoch is not a whole number of epochs.
  private func checkStep(_ record: EpochRecord, _ event: JSONCursor) throws {
    // At most 10⁵ epochs of 10⁹ steps, so the product does not overflow.
    let expected = (epochs.count + 1) * stepsPerEpoch
    guard record.step == expected else {
      throw try event.field("step").fault(
        found: "\(record.step)",
        expected: "\(expected): \(epochs.count + 1) epochs of \(stepsPerEpoch) steps of "
          + "\(recipe.batchSize) of \(data.trainingSamples) images")
    }
  }

  /// Throws an error if the sums of an epoch are not those of its steps, or if its mean loss is not a number.
  private func checkSteps(_ train: EpochRecord.Steps, _ sums: JSONCursor) throws {
    func require(_ key: String, _ found: Int, _ expected: Int, _ reason: String) throws {
      guard found == expected else {
        throw try sums.field(key).fault(found: "\(found)", expected: "\(expected), \(reason)")
      }
    }
    guard train.skipped <= stepsPerEpoch else {
      throw sums.fault(
        found: "\(train.skipped) steps skipped", expected: "at most the \(stepsPerEpoch) of an epoch")
    }
    try require(
      "steps", train.steps, stepsPerEpoch - train.skipped, "the steps of an epoch that were not skipped")
    if train.skipped == 0 {
      try require(
        "samples", train.samples, min(data.trainingSamples, stepsPerEpoch * recipe.batchSize),
        "the images of the training set")
      if let evaluations = recipe.optimizer.evaluations(
        steps: stepsPerEpoch, after: epochs.count * stepsPerEpoch)
      {
        try require(
          "evaluations", train.evaluations, evaluations,
          "as \(recipe.method) asks for in \(stepsPerEpoch) steps")
      }
    }
    guard train.loss.isFinite else {
      throw try sums.field("loss").fault(found: "\(train.loss)", expected: "a finite number")
    }
  }

  /// The accuracies over all classes and of the groups.
  ///
  /// Throws a `DataError` if the classes' counts are not those of the set, if they do not add up to the totals, and if
  /// the network's outputs were not finite.
  private func figures(
    _ accuracy: EpochRecord.Accuracy, _ place: JSONCursor, counts expected: [Int]?, of set: String
  ) throws -> [RunMetric: Double] {
    let rows = try place.field("per_class")
    let classes = accuracy.classes
    guard classes.count == data.classes else {
      throw rows.fault(found: "\(classes.count) classes", expected: "\(data.classes)")
    }
    for (label, counts) in classes.enumerated() where counts.samples != expected?[label] ?? counts.samples {
      throw try rows.elements()[label].fault(
        found: "\(counts.samples) images", expected: "the \(expected?[label] ?? 0) of the \(set)")
    }
    if let empty = classes.firstIndex(where: { $0.samples == 0 }) {
      throw try rows.elements()[empty].field("samples").fault(found: "0", expected: "at least 1")
    }
    guard accuracy.notANumber == 0 else {
      throw try place.field("not_a_number").fault(
        found: "\(accuracy.notANumber)",
        expected: "0: a network whose logits are no numbers has no accuracy")
    }
    func sum(_ labels: some Collection<Int>) -> (correct: Int, samples: Int) {
      labels.reduce((0, 0)) { ($0.0 + classes[$1].correct, $0.1 + classes[$1].samples) }
    }
    // Each count is at most 10⁹, and the file limits the number of classes, so no sum can overflow.
    let (all, sums) = (accuracy.all, sum(classes.indices))
    guard sums == (all.correct, all.samples) else {
      throw place.fault(
        found: "\(all.correct) of \(all.samples) images",
        expected: "\(sums.correct) of \(sums.samples), the classes' sum")
    }
    var figures: [RunMetric: Double] = [.accuracy: 100 * Double(all.correct) / Double(all.samples)]
    let stated = [RunMetric.head: accuracy.head, .mid: accuracy.mid, .tail: accuracy.tail]
    for group in data.groups where !group.labels.isEmpty {
      let (correct, samples) = sum(group.labels)
      guard let counts = stated[group.metric], (counts.correct, counts.samples) == (correct, samples) else {
        throw try place.field(group.name).fault(
          found: "other counts", expected: "\(correct) of \(samples), the classes' sum")
      }
      let members = group.labels.map { classes[$0] }
      figures[group.metric] = EpochRecord.Counts.classMean(members)
    }
    return figures
  }

  /// A resumed run may have measured an epoch twice; the last measurement counts.
  private mutating func addSpectrum(_ event: JSONCursor) throws {
    let place = try event.field("epoch")
    let epoch = try place.integer(atLeast: 0)
    guard epoch < epochs.count else {
      throw place.fault(found: "\(epoch)", expected: "one of the \(epochs.count) epochs before it")
    }
    let spectrum = try SpectrumEvent(event)
    for (row, place) in zip(spectrum.rows, try event.field("classes").elements()) {
      let measured = try CurvatureMeasurement(row, of: spectrum, at: place, plan: spectra, data: data)
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
