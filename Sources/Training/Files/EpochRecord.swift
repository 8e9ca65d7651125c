import EscapementArtifacts
import EscapementLongTail
import EscapementOptimizers

/// One epoch of a run: an `epoch` line of `metrics.jsonl`.
public struct EpochRecord: Hashable, Sendable {
  /// The number of correctly classified samples, and of all samples.
  public struct Counts: Hashable, Sendable {
    /// Correct samples.
    public let correct: Int
    /// All samples.
    public let samples: Int

    /// Counts from a pair.
    init(_ counts: (correct: Int, samples: Int)) { (correct, samples) = counts }

    /// The accuracy in percent; nil without samples.
    public var percent: Double? { samples > 0 ? 100 * Double(correct) / Double(samples) : nil }

    /// The mean of the classes' accuracies in percent, over classes with samples; NaN without any.
    ///
    /// For equally many samples a class it is the share over all samples, which has fewer roundings: equal sums are equal
    /// means.
    package static func classMean(_ classes: some Sequence<Counts>) -> Double {
      let present = classes.filter { $0.samples > 0 }
      guard let first = present.first else { return .nan }
      let samples = present.reduce(0) { $0 + $1.samples }
      return present.allSatisfy { $0.samples == first.samples }
        ? 100 * Double(present.reduce(0) { $0 + $1.correct }) / Double(samples)
        : present.reduce(0) { $0 + 100 * Double($1.correct) / Double($1.samples) } / Double(present.count)
    }
  }

  /// The accuracy on a set of images.
  public struct Accuracy: Hashable, Sendable {
    /// Over all images.
    public let all: Counts
    /// Over the classes of a group.
    public let head, mid, tail: Counts
    /// For each class.
    public let classes: [Counts]
    /// The number of images whose logits contain a NaN; they count as wrong.
    public let notANumber: Int
  }

  /// Sums over the epoch's steps: losses are means per sample, norms and the cosine are means per step.
  public struct Steps: Hashable, Sendable {
    /// The number of steps taken, and of steps skipped because their loss or gradient was not finite.
    public let steps, skipped: Int
    /// The number of samples in the first evaluations, of those classified correctly, and of gradient evaluations.
    public let samples, correct, evaluations: Int
    /// The loss at the parameters, and the loss of the descent gradient.
    public let loss, descentLoss: Double
    /// ‖g‖, ‖ε‖, and the cosine between the first gradient and the descent direction.
    public let gradientNorm, perturbationNorm, cosine: Double
  }

  /// The 0-based epoch.
  public let epoch: Int
  /// The number of steps taken or skipped in the run so far.
  public let step: Int
  /// The epoch's learning rate.
  public let learningRate: Double
  /// Whether classes had weights.
  public let reweighted: Bool
  /// The epoch's steps.
  public let train: Steps
  /// The accuracy on the test images.
  public let test: Accuracy
  /// The accuracy on the test images as they are, by which an epoch is selected, where `test` averages with the mirrored
  /// images (`TrainingOptions.selectEvery`, `.testTime`); nil otherwise.
  public let testPlain: Accuracy?
  /// The accuracy on the training images without augmentation; after the last epoch only.
  public let trainingImages: Accuracy?
  /// The link of the digest chain.
  public let digest: Digest
  /// The duration in seconds. It is the only member that is not reproducible.
  public let seconds: Double
}

extension EpochRecord.Steps {
  /// Means computed from an epoch's sums.
  init(_ totals: EpochTotals) {
    let perSample = 1 / Double(max(totals.samples, 1))
    let perStep = 1 / Double(max(totals.steps, 1))
    (steps, skipped, samples) = (totals.steps, totals.skipped, totals.samples)
    (correct, evaluations) = (totals.correct, totals.evaluations)
    (loss, descentLoss) = (totals.loss * perSample, totals.descentLoss * perSample)
    (gradientNorm, perturbationNorm) = (totals.gradientNorm * perStep, totals.perturbationNorm * perStep)
    cosine = totals.cosine * perStep
  }
}

extension EpochRecord.Accuracy {
  /// Counts by class and by group.
  public init(_ accuracy: ClassAccuracy, groups: ClassGroups) {
    classes = zip(accuracy.correct, accuracy.samples).map { .init(($0, $1)) }
    all = .init(accuracy.counts(of: Array(classes.indices)))
    head = .init(accuracy.counts(of: groups.head))
    mid = .init(accuracy.counts(of: groups.mid))
    tail = .init(accuracy.counts(of: groups.tail))
    notANumber = accuracy.notANumber
  }
}

extension EpochRecord {
  /// The accuracy by which an epoch is selected.
  var selectionAccuracy: Double { Counts.classMean((testPlain ?? test).classes) }
}

// MARK: - In metrics.jsonl

extension EpochRecord {
  /// The event's name.
  static let event = "epoch"

  /// The line as JSON.
  public var json: JSON {
    var members: [String: JSON] = [
      "event": .string(Self.event), "epoch": .integer(epoch), "step": .integer(step),
      "learning_rate": .number(learningRate), "reweighted": .bool(reweighted), "train": train.json,
      "test": test.json, "digest": .string(digest.hex), "seconds": .number(seconds),
    ]
    members["test_plain"] = testPlain?.json
    members["training_pictures"] = trainingImages?.json
    return .object(members)
  }

  /// Parses the line. Throws a `DataError` for a member that is missing or of another kind, and for invalid counts.
  public init(_ event: JSONCursor) throws {
    epoch = try event.field("epoch").integer(atLeast: 0)
    step = try event.field("step").integer(atLeast: 0)
    learningRate = try event.field("learning_rate").double()
    reweighted = try event.field("reweighted").bool()
    train = try Steps(event.field("train"))
    test = try Accuracy(event.field("test"))
    testPlain = try event.optionalField("test_plain").map { try Accuracy($0) }
    trainingImages = try event.optionalField("training_pictures").map { try Accuracy($0) }
    digest = try event.field("digest").digest()
    seconds = try event.field("seconds").double()
  }
}

extension EpochRecord.Steps {
  var json: JSON {
    var members: [String: JSON] = [
      "steps": .integer(steps), "samples": .integer(samples), "correct": .integer(correct),
      "evaluations": .integer(evaluations), "loss": .number(loss), "descent_loss": .number(descentLoss),
      "gradient_norm": .number(gradientNorm), "perturbation_norm": .number(perturbationNorm),
      "cosine": .number(cosine),
    ]
    if skipped > 0 { members["skipped"] = .integer(skipped) }
    return .object(members)
  }

  init(_ sums: JSONCursor) throws {
    func count(_ key: String) throws -> Int { try sums.field(key).integer(atLeast: 0) }
    func mean(_ key: String) throws -> Double { try sums.field(key).double() }
    (steps, samples, correct) = (try count("steps"), try count("samples"), try count("correct"))
    evaluations = try count("evaluations")
    skipped = try sums.optionalField("skipped")?.integer(atLeast: 0) ?? 0
    (loss, descentLoss) = (try mean("loss"), try mean("descent_loss"))
    (gradientNorm, perturbationNorm) = (try mean("gradient_norm"), try mean("perturbation_norm"))
    cosine = try mean("cosine")
  }
}

extension EpochRecord.Accuracy {
  package var json: JSON {
    .object(
      all.members.merging([
        "not_a_number": .integer(notANumber), "head": .object(head.members), "mid": .object(mid.members),
        "tail": .object(tail.members), "per_class": .array(classes.map { .object($0.members) }),
      ]) { $1 })
  }

  /// Reads what `json` wrote; a `DataError` for a member that is missing or no count.
  public init(_ place: JSONCursor) throws {
    classes = try place.field("per_class").elements().map { try .init($0) }
    all = try .init(place)
    (head, mid) = (try .init(place.field("head")), try .init(place.field("mid")))
    tail = try .init(place.field("tail"))
    notANumber = try place.optionalField("not_a_number")?.integer(atLeast: 0) ?? 0
  }
}

extension EpochRecord.Counts {
  /// The largest number of samples in a set, so that no sum over classes overflows.
  static let limit = 1_000_000_000

  var members: [String: JSON] { ["correct": .integer(correct), "samples": .integer(samples)] }

  init(_ place: JSONCursor) throws {
    let stated = try place.field("correct")
    (correct, samples) = (
      try stated.integer(atLeast: 0), try place.field("samples").integer(atLeast: 0)
    )
    guard samples <= Self.limit, correct <= samples else {
      throw stated.fault(found: "\(correct) of \(samples)", expected: "a share of at most 10⁹ images")
    }
  }
}

extension StepRecord {
  /// The event's name.
  static let event = "step"

  /// The step's line in the metrics, including its position in the run and in the digest chain.
  func json(epoch: Int, step: Int, digest: Digest) -> JSON {
    [
      "event": .string(Self.event), "epoch": .integer(epoch), "step": .integer(step), "loss": .number(loss),
      "descent_loss": .number(descentLoss), "learning_rate": .number(learningRate), "rho": .number(rho),
      "gradient_norm": .number(gradientNorm), "perturbation_norm": .number(perturbationNorm),
      "cosine": .number(cosine), "evaluations": .integer(evaluations), "samples": .integer(samples),
      "correct": .optional(correct), "digest": .string(digest.hex),
    ]
  }
}
