import EscapementOptimizers
import EscapementArtifacts
import EscapementCalculus
import Foundation
import EscapementKernels
import EscapementLongTail
import EscapementNetworks

/// Runs a recipe in a directory: training, evaluation after each epoch, metrics and checkpoints.
///
/// A run that was interrupted or killed and then resumed leaves the same directory as an uninterrupted run, byte for
/// byte except for `seconds` in the metrics.
public struct Trainer<Element: Real>: Sendable {
  /// What a run reports while it is in progress.
  public enum Event: Sendable {
    /// A step was taken.
    case step(StepRecord, epoch: Int, stepInEpoch: Int, stepsPerEpoch: Int)
    /// An epoch ended.
    case epoch(EpochRecord)
    /// A measurement was made after an epoch; the value is its line in the metrics, as the measurement itself describes
    /// it.
    case measurement(JSON)
    /// A step was skipped.
    case skipped(Divergence)
    /// A message for the user, for example about a damaged checkpoint.
    case notice(String)
  }

  /// The number of newest checkpoints that stay on disk.
  public static var checkpointsKept: Int { 2 }

  let recipe: Recipe
  let source: any EpochSource<Element>
  let test: any SampleSource<Element>
  let trainingImages: (any SampleSource<Element>)?
  let groups: ClassGroups
  let provenance: JSON
  let options: TrainingOptions
  let measurement: EpochMeasurement<Element>?
  let ranks: RankAgreement?
  let rule: (any UpdateRule<Element>)?

  /// A trainer for a recipe on a training and a test set.
  ///
  /// `trainingImages` are the training images without augmentation: at the end of the last epoch they are classified
  /// too, and their counts per class are recorded beside those of the test images. `provenance` (versions, hashes of
  /// the data) is written to `run.json` unchanged. A run resumes only with an equal `provenance` and an equal
  /// `measurement`. `rule` is the update rule of a recipe whose optimizer is `.custom`; it must have taken no step, and
  /// the trainer copies it for each run.
  public init(
    recipe: Recipe, source: any EpochSource<Element>, test: any SampleSource<Element>,
    trainingImages: (any SampleSource<Element>)? = nil, groups: ClassGroups, provenance: JSON,
    options: TrainingOptions = TrainingOptions(),
    measurement: EpochMeasurement<Element>? = nil, ranks: RankAgreement? = nil,
    rule: (any UpdateRule<Element>)? = nil
  ) {
    self.recipe = recipe
    self.source = source
    self.test = test
    self.trainingImages = trainingImages
    self.groups = groups
    self.provenance = provenance
    self.options = options
    self.measurement = measurement
    self.ranks = ranks
    self.rule = rule
  }

  /// Runs to the end and returns the final state.
  ///
  /// A new run needs an empty or absent directory; `resume` continues from the newest intact checkpoint in it. The
  /// directory is locked during the run. `isCancelled` is called after each step. Throws `Interrupted` if it returns
  /// true, `Divergence`, `RunHeld` if another process is writing there, the errors of the data, and `FileError`,
  /// `MissingError` or `DataError` for the directory's files.
  @discardableResult
  public func run(
    in directory: RunDirectory, resume: Bool = false, isCancelled: () -> Bool = { false },
    observer: (Event) -> Void = { _ in }
  ) throws -> TrainingState<Element> {
    guard let ranks else { return try lead(in: directory, resume: resume, isCancelled, observer) }
    return try ranks.all {
      try ranks.checkContract()
      return ranks.leads
        ? try lead(in: directory, resume: resume, isCancelled, observer)
        : try follow(in: directory, resume: resume, isCancelled)
    }
  }

  /// The run of rank 0, or of a single process: only this rank writes files.
  private func lead(
    in directory: RunDirectory, resume: Bool, _ isCancelled: () -> Bool, _ observer: (Event) -> Void
  ) throws -> TrainingState<Element> {
    var (lock, loop, metrics, selection) = try opening {
      resume ? try reopen(directory, observer) : try begin(directory)
    }
    defer { lock.release() }
    try tellStart(of: loop)
    if resume { try measureIfPending(loop, metrics, directory, selection, observer) }
    var started = ContinuousClock.now
    while !loop.isFinished {
      try takeStep(&loop, metrics, directory, observer)
      var ended: EpochRecord?
      if loop.isEpochComplete {
        let seconds = started.duration(to: .now) / .seconds(1)
        started = .now
        let record = try endEpoch(&loop, seconds: seconds)
        try metrics.append(record.json)
        selection.consider(epoch: record.epoch, accuracy: record.selectionAccuracy)
        ended = record
      }
      let isDue = isScheduled(step: loop.state.step, loop) && isWorthKeeping(loop)
      if isDue { try checkpoint(loop, metrics, directory, selection) }
      if let ended {
        // After the checkpoint: an epoch that was reported must not be lost with a closed pipe or a full disk.
        observer(.epoch(ended))
        // After the checkpoint, because a measurement may take longer than the epoch, and an interruption must not lose
        // the epoch.
        try measure(loop, metrics, directory, selection, observer)
        started = .now
      }
      if !loop.isFinished, try stops(isCancelled(), loop) {
        if !isDue { try checkpoint(loop, metrics, directory, selection) }
        throw Interrupted(checkpoint: directory.sidecar(step: loop.state.step))
      }
    }
    try seal(loop, metrics, directory, selection)
    return loop.snapshot
  }

  /// Whether a checkpoint of this state is written: that of the end always, and no other among skipped steps. The cause
  /// of the skips may be in the parameters, and two such checkpoints would replace the last good one.
  private func isWorthKeeping(_ loop: TrainingLoop<Element>) -> Bool {
    loop.state.skippedInARow == 0 || loop.isFinished
  }

  /// Ends the metrics of a finished run with their seal, once, and rewrites the last checkpoint to cover it.
  private func seal(
    _ loop: TrainingLoop<Element>, _ metrics: LineLog, _ directory: RunDirectory, _ selection: EpochSelection
  ) throws {
    guard try metrics.last()?["event"] != JSON.string(MetricsSeal.event) else { return }
    let position = metrics.position
    guard let digest = position.digest else { preconditionFailure("a log without its digest") }
    let record = Digest(of: try directory.recordBytes())
    try metrics.append(MetricsSeal(bytes: position.length, digest: digest, record: record).json)
    try checkpoint(loop, metrics, directory, selection)
  }

  /// Takes one step and writes its line if one is due; or returns the record of a step that cannot be taken.
  private func takeStep(
    _ loop: inout TrainingLoop<Element>, _ metrics: LineLog, _ directory: RunDirectory,
    _ observer: (Event) -> Void
  ) throws {
    do {
      let record = try loop.step()
      let state = loop.state
      observer(
        .step(
          record, epoch: state.epoch, stepInEpoch: state.stepInEpoch, stepsPerEpoch: loop.stepsPerEpoch))
      if options.metricsEvery > 0, state.step.isMultiple(of: options.metricsEvery) {
        try metrics.append(record.json(epoch: state.epoch, step: state.step, digest: state.digest))
      }
    } catch var divergence as Divergence {
      divergence.skippedBefore = loop.state.skippedInARow
      guard passesOver(loop) else {
        divergence.checkpoint = lastGoodCheckpoint(of: loop.network, in: directory)
        let members = divergence.fields.merging([
          "event": "divergence",
          "checkpoint": divergence.checkpoint.map { .string($0.lastPathComponent) } ?? .null,
        ]) { $1 }
        try metrics.append(.object(members))
        throw divergence
      }
      let members = divergence.fields.merging([
        "event": "skip", "epoch": .integer(loop.state.epoch),
      ]) { $1 }
      try metrics.append(.object(members))
      loop.skip()
      observer(.skipped(divergence))
    }
  }

  /// Whether a step that cannot be taken is skipped: not after a whole epoch of skipped steps.
  func passesOver(_ loop: TrainingLoop<Element>) -> Bool {
    options.onDivergence == .skip && loop.state.skippedInARow + 1 < loop.stepsPerEpoch
  }

  /// The newest checkpoint that is intact, contains only finite numbers and was not written among skipped steps.
  private func lastGoodCheckpoint(of network: Network, in directory: RunDirectory) -> URL? {
    directory.checkpointedSteps().reversed().lazy.map { directory.sidecar(step: $0) }.first { sidecar in
      guard let saved = try? Checkpoint<Element>(sidecar: sidecar, network: network) else { return false }
      return saved.isFinite && saved.state.skippedInARow == 0
    }
  }

  /// Makes the measurement that is due at the end of an epoch, and rewrites the checkpoint with the longer metrics.
  private func measure(
    _ loop: TrainingLoop<Element>, _ metrics: LineLog, _ directory: RunDirectory,
    _ selection: EpochSelection, _ observer: (Event) -> Void
  ) throws {
    guard let measurement else { return }
    // The state is that before the first step of the next epoch.
    let epoch = loop.state.epoch - 1
    var parts = MeasurementParts(of: loop.state, in: directory)
    guard var event = try measurement.measure(epoch, recipe.epochs, loop.network, loop.state, &parts) else {
      return
    }
    event["epoch"] = .integer(epoch)
    event["step"] = .integer(loop.state.step)
    try metrics.append(.object(event))
    if isWorthKeeping(loop) { try checkpoint(loop, metrics, directory, selection) }
    // Last: until the checkpoint covers the event, a resume truncates it.
    try parts.remove()
    observer(.measurement(.object(event)))
  }

  /// Makes a measurement that an interruption prevented: the epoch is then the last line of the metrics.
  private func measureIfPending(
    _ loop: TrainingLoop<Element>, _ metrics: LineLog, _ directory: RunDirectory,
    _ selection: EpochSelection, _ observer: (Event) -> Void
  ) throws {
    guard try metrics.last()?["event"] == .string(EpochRecord.event) else { return }
    try measure(loop, metrics, directory, selection, observer)
  }

  func makeLoop(state: TrainingState<Element>?) throws -> TrainingLoop<Element> {
    try TrainingLoop(
      recipe: recipe, source: source, digestEvery: options.digestEvery,
      state: state, ranks: ranks, rule: rule)
  }

  /// Evaluates on the test set and records the epoch that ends.
  private func endEpoch(_ loop: inout TrainingLoop<Element>, seconds: Double) throws -> EpochRecord {
    let state = loop.state
    let (tested, plain, trained) = try accuracies(loop)
    let (rate, reweighted) = (loop.learningRate, loop.classWeights != nil)
    return EpochRecord(
      epoch: state.epoch, step: state.step, learningRate: rate, reweighted: reweighted,
      train: .init(loop.endEpoch()), test: .init(tested, groups: groups),
      testPlain: options.selectEvery > 0 ? plain.map { .init($0, groups: groups) } : nil,
      trainingImages: trained.map { .init($0, groups: groups) }, digest: state.digest, seconds: seconds)
  }

  /// The accuracies at the end of an epoch; each rank classifies its part of the images.
  func accuracies(
    _ loop: TrainingLoop<Element>
  ) throws -> (test: ClassAccuracy, plain: ClassAccuracy?, trainingImages: ClassAccuracy?) {
    let state = loop.state
    typealias Counts = (ClassAccuracy, plain: ClassAccuracy?)
    func accuracy(over images: any SampleSource<Element>) throws -> Counts {
      func counted(_ range: Range<Int>?) throws -> Counts {
        try ClassAccuracy.counted(
          network: loop.network, parameters: state.parameters, statistics: state.statistics, over: images,
          testTime: options.testTime, range: range)
      }
      guard let ranks else { return try counted(nil) }
      let (rank, size, count) = (ranks.communicator.rank, ranks.communicator.size, images.labels.count)
      let own = try ranks.all { try counted((count * rank / size)..<(count * (rank + 1) / size)) }
      return (own.0.summed(over: ranks.communicator), own.plain?.summed(over: ranks.communicator))
    }
    let isLast = state.epoch + 1 == recipe.epochs
    let tested = try accuracy(over: test)
    return (tested.0, tested.plain, try isLast ? trainingImages.map { try accuracy(over: $0).0 } : nil)
  }

  /// Whether an uninterrupted run writes a checkpoint after that many steps.
  private func isScheduled(step: Int, _ loop: TrainingLoop<Element>) -> Bool {
    step.isMultiple(of: loop.stepsPerEpoch)
      || (options.checkpointEvery > 0 && step.isMultiple(of: options.checkpointEvery))
  }

  /// Whether the checkpoint after that many steps is kept: that of every `keepEvery`-th epoch permanently, that of the
  /// selected epoch until another is selected.
  private func isKept(step: Int, _ loop: TrainingLoop<Element>, _ selection: EpochSelection) -> Bool {
    let (epoch, rest) = step.quotientAndRemainder(dividingBy: loop.stepsPerEpoch)
    guard epoch > 0, rest == 0 else { return false }
    return (options.keepEvery > 0 && epoch.isMultiple(of: options.keepEvery)) || selection.epoch == epoch - 1
  }

  /// Writes a checkpoint, then removes those that an uninterrupted run would not keep.
  func checkpoint(
    _ loop: TrainingLoop<Element>, _ metrics: LineLog, _ directory: RunDirectory, _ selection: EpochSelection
  ) throws {
    try metrics.synchronize()
    let checkpoint = Checkpoint(
      recipe: recipe, state: loop.snapshot, digestEvery: options.digestEvery, metrics: metrics.position)
    try checkpoint.write(sidecar: directory.sidecar(step: loop.state.step))
    // A checkpoint written on interruption is kept only until the next scheduled one.
    guard isScheduled(step: loop.state.step, loop) else { return }
    let steps = directory.checkpointedSteps().filter { isScheduled(step: $0, loop) }
    try directory.removeCheckpoints(
      except: Array(steps.suffix(Self.checkpointsKept)) + steps.filter { isKept(step: $0, loop, selection) })
  }
}
