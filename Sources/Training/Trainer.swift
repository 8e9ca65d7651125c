import Artifacts
import Calculus
import Foundation
import Kernels
import LongTail
import Networks

/// Runs a recipe in a directory: training, evaluation after each epoch, metrics and checkpoints.
///
/// A run that was interrupted or killed and then resumed leaves the directory that an uninterrupted
/// one leaves, byte for byte but for the `seconds` in the metrics.
public struct Trainer<Element: Real>: Sendable {
  /// What is written how often; none of it changes the parameters' bits.
  public struct Options: Hashable, Sendable {
    /// Steps between digest links; 0 links epochs only.
    public var digestEvery = 1
    /// Steps between step events in the metrics; 0 writes epoch events only.
    public var metricsEvery = 10
    /// Steps between checkpoints besides the one at each epoch's end; 0 writes none in between.
    public var checkpointEvery = 0
    /// What is done to test pictures.
    public var testTime = TestTimeAugmentation.none

    /// The defaults; digests of every step cost a few milliseconds each at half a million parameters.
    public init() {}
  }

  /// What a run reports while it goes on.
  public enum Event: Sendable {
    /// A step was taken.
    case step(StepRecord, epoch: Int, stepInEpoch: Int, stepsPerEpoch: Int)
    /// An epoch ended; the value is its line in the metrics.
    case epoch(JSON)
    /// Something was measured after it; likewise.
    case measurement(JSON)
  }

  /// Checkpoints that stay on disk.
  public static var checkpointsKept: Int { 2 }

  private let recipe: Recipe
  private let source: any EpochSource<Element>
  private let test: any SampleSource<Element>
  private let trainingPictures: (any SampleSource<Element>)?
  private let groups: ClassGroups
  private let provenance: JSON
  private let options: Options
  private let measurement: EpochMeasurement<Element>?

  /// A trainer of a recipe on a training and a test set.
  ///
  /// `trainingPictures` are the training pictures as they are, without augmentation: at the end of the last epoch they
  /// are classified too, and each class's count stands beside the test's.
  /// `provenance` (versions, hashes of the data) goes to `run.json` as it is, and a run resumes only under an equal
  /// one, and with an equal `measurement`.
  public init(
    recipe: Recipe, source: any EpochSource<Element>, test: any SampleSource<Element>,
    trainingPictures: (any SampleSource<Element>)? = nil, groups: ClassGroups, provenance: JSON,
    options: Options = Options(),
    measurement: EpochMeasurement<Element>? = nil
  ) {
    self.recipe = recipe
    self.source = source
    self.test = test
    self.trainingPictures = trainingPictures
    self.groups = groups
    self.provenance = provenance
    self.options = options
    self.measurement = measurement
  }

  /// Runs to the end and returns the final state.
  ///
  /// A new run needs an empty or absent directory; `resume` goes on from the newest checkpoint in it.
  /// `isCancelled` is asked after each step. Throws `Interrupted` when it says yes, `Divergence`, the
  /// data's own errors, and `FileError`, `MissingError` or `DataError` for the directory's files.
  @discardableResult
  public func run(
    in directory: RunDirectory, resume: Bool = false, isCancelled: () -> Bool = { false },
    observer: (Event) -> Void = { _ in }
  ) throws -> TrainingState<Element> {
    var (loop, metrics) = resume ? try reopen(directory) : try begin(directory)
    if resume { try measureIfPending(loop, metrics, directory, observer) }
    var started = ContinuousClock.now
    while !loop.isFinished {
      let record: StepRecord
      do {
        record = try loop.step()
      } catch let divergence as Divergence {
        try metrics.append([
          "event": "divergence", "step": .integer(divergence.step), "what": .string(divergence.what),
        ])
        throw divergence
      }
      let state = loop.state
      observer(
        .step(
          record, epoch: state.epoch, stepInEpoch: state.stepInEpoch, stepsPerEpoch: loop.stepsPerEpoch))
      if options.metricsEvery > 0, state.step.isMultiple(of: options.metricsEvery) {
        try metrics.append(Self.json(of: record, state: state))
      }
      let epochEnds = loop.isEpochComplete
      if epochEnds {
        let seconds = started.duration(to: .now) / .seconds(1)
        started = .now
        let line = try endEpoch(&loop, seconds: seconds)
        try metrics.append(line)
        observer(.epoch(line))
      }
      if isScheduled(step: loop.state.step, loop) {
        try checkpoint(loop, metrics, directory)
      }
      if epochEnds {
        // After the checkpoint: a measurement may take longer than the epoch, and an interruption must not cost that.
        try measure(loop, metrics, directory, observer)
        started = .now
      }
      if !loop.isFinished, isCancelled() {
        if !isScheduled(step: loop.state.step, loop) { try checkpoint(loop, metrics, directory) }
        throw Interrupted(checkpoint: directory.sidecar(step: loop.state.step))
      }
    }
    return loop.snapshot
  }

  /// Measures what is due at the end of an epoch, and writes the checkpoint anew with the longer metrics.
  private func measure(
    _ loop: TrainingLoop<Element>, _ metrics: LineLog, _ directory: RunDirectory, _ observer: (Event) -> Void
  ) throws {
    // The state is that before the next epoch's first step.
    let epoch = loop.state.epoch - 1
    guard let measurement, measurement.isDue(after: epoch, of: recipe.epochs) else { return }
    var event = try measurement.measure(loop.network, loop.state)
    event["epoch"] = .integer(epoch)
    event["step"] = .integer(loop.state.step)
    try metrics.append(.object(event))
    try checkpoint(loop, metrics, directory)
    observer(.measurement(.object(event)))
  }

  /// Measures what an interruption prevented: the epoch is the last thing in the metrics.
  private func measureIfPending(
    _ loop: TrainingLoop<Element>, _ metrics: LineLog, _ directory: RunDirectory, _ observer: (Event) -> Void
  ) throws {
    guard try metrics.last()?["event"] == "epoch" else { return }
    try measure(loop, metrics, directory, observer)
  }

  /// A new run: its directory, its record and a checkpoint before the first step, so that it can always be resumed.
  private func begin(_ directory: RunDirectory) throws -> (TrainingLoop<Element>, LineLog) {
    let loop = try makeLoop(state: nil)
    try directory.create(record: [
      "schema": 1,
      "version": .string(PackageVersion.current),
      "recipe": recipe.json,
      "method": .string(recipe.method),
      "element": .string(Element.dtypeName),
      "network": .string(loop.network.name),
      "parameters": .integer(loop.network.layout.count),
      "training_samples": .integer(source.count),
      "test_samples": .integer(test.labels.count),
      "class_counts": .array(source.classCounts.map { .integer($0) }),
      "class_weights": recipe.weighting?.weights(counts: source.classCounts, epoch: .max)
        .map { .array($0.map { .number($0) }) } ?? .null,
      "tail": .array(recipe.optimizer.tail(counts: source.classCounts).sorted().map { .integer($0) }),
      "groups": [
        "head": .array(groups.head.map { .integer($0) }), "mid": .array(groups.mid.map { .integer($0) }),
        "tail": .array(groups.tail.map { .integer($0) }),
      ],
      // So that two runs can be compared before their first step; an order costs far less than a step.
      "initial_parameters_sha256": .string(loop.state.parameters.digest.hex),
      "first_order_sha256": .string(source.orderDigest(epoch: 0).hex),
      "digest_every": .integer(options.digestEvery),
      "metrics_every": .integer(options.metricsEvery),
      "checkpoint_every": .integer(options.checkpointEvery),
      "test_time": .string(options.testTime.rawValue),
      "measurement": measurement?.record ?? .null,
      "provenance": provenance,
    ])
    let metrics = try LineLog(creating: directory.metrics)
    try checkpoint(loop, metrics, directory)
    return (loop, metrics)
  }

  /// The newest checkpoint of a run, and its metrics cut back to it.
  private func reopen(_ directory: RunDirectory) throws -> (TrainingLoop<Element>, LineLog) {
    guard let step = directory.checkpointedSteps().last else {
      throw MissingError(
        what: "a checkpoint in \(directory.checkpoints.path)",
        advice: "start a run in an empty directory without --resume")
    }
    let record = JSONCursor(try JSON(contentsOf: directory.record), file: directory.record.path)
    guard record.value["provenance"] == provenance else {
      throw DataError(
        file: directory.record.path, place: "provenance", found: "a run on other data",
        expected: "the data asked for", advice: "resume with the data of the first start")
    }
    guard (record.value["measurement"] ?? .null) == (measurement?.record ?? .null) else {
      throw DataError(
        file: directory.record.path, place: "measurement", found: "a run with another one",
        expected: "the one asked for", advice: "give the flags of the first start, or another directory")
    }
    let sidecar = directory.sidecar(step: step)
    let network = recipe.architecture.network(classes: source.classes)
    let saved = try Checkpoint<Element>(sidecar: sidecar, network: network)
    guard saved.recipe == recipe, saved.digestEvery == options.digestEvery else {
      throw DataError(
        file: sidecar.path, place: "recipe", found: "a run of another recipe or digest interval",
        expected: "the ones asked for", advice: "give the flags of the first start, or another directory")
    }
    let loop = try makeLoop(state: saved.state)
    guard saved.state.step == saved.state.epoch * loop.stepsPerEpoch + saved.state.stepInEpoch,
      saved.state.step == step, saved.state.stepInEpoch < loop.stepsPerEpoch
    else {
      throw DataError(
        file: sidecar.path, place: "step",
        found: "step \(saved.state.step) as step \(saved.state.stepInEpoch) of epoch \(saved.state.epoch)",
        expected: "\(loop.stepsPerEpoch) steps an epoch", advice: "resume with the data of the first start")
    }
    return (loop, try LineLog(resuming: directory.metrics, at: saved.metricsLength))
  }

  private func makeLoop(state: TrainingState<Element>?) throws -> TrainingLoop<Element> {
    try TrainingLoop(
      recipe: recipe, source: source, digestEvery: options.digestEvery,
      state: state)
  }

  /// Evaluates on the test set and describes the epoch that ends.
  private func endEpoch(_ loop: inout TrainingLoop<Element>, seconds: Double) throws -> JSON {
    let state = loop.state
    func accuracy(over pictures: any SampleSource<Element>) throws -> JSON {
      try ClassAccuracy(
        network: loop.network, parameters: state.parameters, statistics: state.statistics, over: pictures,
        testTime: options.testTime
      ).json(groups: groups)
    }
    let tested = try accuracy(over: test)
    let isLast = state.epoch + 1 == recipe.epochs
    let trained = try isLast ? trainingPictures.map(accuracy) : nil
    let rate = loop.learningRate
    let reweighted = loop.classWeights != nil
    let totals = loop.endEpoch()
    var line: [String: JSON] = [
      "event": "epoch", "epoch": .integer(state.epoch), "step": .integer(state.step),
      "learning_rate": .number(rate), "reweighted": .bool(reweighted), "train": totals.summary,
      "test": tested, "digest": .string(state.digest.hex), "seconds": .number(seconds),
    ]
    line["training_pictures"] = trained
    return .object(line)
  }

  private static func json(of record: StepRecord, state: TrainingState<Element>) -> JSON {
    [
      "event": "step", "epoch": .integer(state.epoch), "step": .integer(state.step),
      "loss": .number(record.loss), "descent_loss": .number(record.descentLoss),
      "learning_rate": .number(record.learningRate), "rho": .number(record.rho),
      "gradient_norm": .number(record.gradientNorm),
      "perturbation_norm": .number(record.perturbationNorm), "cosine": .number(record.cosine),
      "evaluations": .integer(record.evaluations), "samples": .integer(record.samples),
      "correct": record.correct.map { .integer($0) } ?? .null, "digest": .string(state.digest.hex),
    ]
  }

  /// Whether an uninterrupted run writes a checkpoint after that many steps.
  private func isScheduled(step: Int, _ loop: TrainingLoop<Element>) -> Bool {
    step.isMultiple(of: loop.stepsPerEpoch)
      || (options.checkpointEvery > 0 && step.isMultiple(of: options.checkpointEvery))
  }

  /// Writes a checkpoint, then removes those that an uninterrupted run would not have kept.
  private func checkpoint(
    _ loop: TrainingLoop<Element>, _ metrics: LineLog, _ directory: RunDirectory
  ) throws {
    try metrics.synchronize()
    let checkpoint = Checkpoint(
      recipe: recipe, state: loop.snapshot, digestEvery: options.digestEvery, metricsLength: metrics.length)
    try checkpoint.write(sidecar: directory.sidecar(step: loop.state.step))
    // One written on interruption stays only until the next scheduled one.
    guard isScheduled(step: loop.state.step, loop) else { return }
    let steps = directory.checkpointedSteps().filter { isScheduled(step: $0, loop) }
    try directory.removeCheckpoints(except: steps.suffix(Self.checkpointsKept))
  }
}
