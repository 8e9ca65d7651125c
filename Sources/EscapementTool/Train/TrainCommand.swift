import EscapementExperiments
import EscapementOptimizers
import ArgumentParser
import EscapementArtifacts
import Foundation
import EscapementLongTail
import EscapementTraining
import EscapementVerification

/// `escapement train`: one run.
struct TrainCommand: RankedCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Trains by a preset and records every metric in a directory.",
    discussion: """
      `escapement presets` lists the presets. A flag overrides the preset's value.
      SIGINT, SIGTERM and SIGUSR1 end it after a checkpoint with exit code 75 and the command that goes on, to the same \
      bits. A run directory is written to by one process at a time.

      Example: escapement train --preset fixture/ce-drw-sam --rho 0.1 --seed 1 --out runs/a
      """)

  @Option(help: ArgumentHelp("The recipe, DATA/METHOD.", valueName: "name"), completion: .presets)
  var preset: String?
  @Option(
    help: ArgumentHelp(
      "The data set's published archive, or a directory with it or its files; not needed for fixtures.",
      valueName: "path"))
  var data: FilePath?
  @Option(help: ArgumentHelp("Run directory: empty or absent, unless --resume.", valueName: "dir")) var out:
    FilePath
  @Option(
    help: ArgumentHelp(
      "Other data than the preset's: \(LongTailedData.knownNames).",
      valueName: "name"), completion: .list(LongTailedData.commonNames))
  var dataset: String?
  @OptionGroup(title: "IMAGES OF YOUR OWN") var listing: ListingOptions
  @Option(
    help: ArgumentHelp(
      "Another network: resnet20-w16 to resnet110-w16, resnet18-w64 and resnet34-w64 (stem for small images), "
        + "resnet18-imagenet-w64, resnet34-imagenet-w64, resnet50-bottleneck-w64; w is the width.",
      valueName: "name"))
  var network: String?
  @Option(parsing: .unconditional, help: "Passes over the training set; drops of the rate keep their epochs.")
  var epochs: Int?
  @Option(
    parsing: .unconditional,
    help: "The preset over this many epochs, with warm-up, drops and re-weighting moved in proportion.")
  var compressTo: Int?
  @Option(
    help: ArgumentHelp(
      "Another loss: \(LossChoice.byName.map(\.name).joined(separator: ", ")).", valueName: "name"),
    completion: .list(LossChoice.byName.map(\.name)))
  var loss: String?
  @Option(
    help: ArgumentHelp(
      "Another update rule: \(OptimizerChoice.byName.map(\.name).joined(separator: ", ")).", valueName: "name"
    ), completion: .list(OptimizerChoice.byName.map(\.name)))
  var optimizer: String?
  @Option(parsing: .unconditional, help: "Radius of SAM, ImbSAM or SSE-SAM's tail, throughout.")
  var rho: Double?
  @Option(parsing: .unconditional, help: "Classes with fewer images are the tail of ImbSAM or SSE-SAM.")
  var eta: Int?
  @Option(
    help: ArgumentHelp(
      """
      Class weights: none, drw (effective number, deferred), rw (the same from the start), printed (Algorithm 1's 1/n \
      over the batch's size, deferred), or rs (none, but samples drawn by the effective number).
      """, valueName: "name"))
  var weighting: WeightingName?
  @Option(parsing: .unconditional, help: "First (0-based) epoch with class weights.")
  var drwEpoch: Int?
  @Option(parsing: .unconditional, help: "Samples a step.") var batchSize: Int?
  @Option(parsing: .unconditional, help: "Base learning rate.") var learningRate: Double?
  @Option(
    help: """
      Another schedule of it: released (drops to 0.01 and 0.0001), printed (the supplement's 0.001 and 0.0001), ib, paco, or \
      cosine over the run.
      """)
  var schedule: ScheduleName?
  @Option(help: "Seed of initialization, order and augmentation.") var seed: UInt64?
  @Option(
    parsing: .unconditional, help: "Steps between checkpoints besides the one at each epoch's end; 0: none.")
  var checkpointEvery: Int?
  @Option(
    parsing: .unconditional,
    help:
      "Keep every so many epochs' checkpoint for good, beside the newest two; 0: none. `evidence audit` begins at them."
  )
  var keepEvery: Int?
  @Option(
    parsing: .unconditional,
    help: """
      Select the epoch with the highest mean per-class test accuracy among every so many, and keep its checkpoint; 0: the \
      last epoch.
      """)
  var selectEvery: Int?
  @Option(parsing: .unconditional, help: "Steps between step events in metrics.jsonl; 0: epochs only.")
  var metricsEvery: Int?
  @Option(parsing: .unconditional, help: "Steps between links of the digest chain; 0: epochs only.")
  var digestEvery: Int?
  @Option(
    help: ArgumentHelp(
      "Refuse other data than this manifest (of `data manifest`) describes.", valueName: "file"))
  var manifest: FilePath?
  @Option(help: "Test images as they are (none), or logits averaged with the flipped image's (flip).")
  var testTime: TestTimeAugmentation?
  @Option(
    help:
      "A step without finite loss and gradient ends the run (stop), or is passed over and recorded (skip).")
  var onDivergence: DivergenceAction?
  @Option(
    help: ArgumentHelp(
      """
      Extreme Hessian eigenvalues of classes, and of the loss over all of them: 0,9@10,all measures class 0 and all classes \
      after the last epoch, class 9 after every tenth epoch too.
      """,
      valueName: "list"
    ))
  var spectra: String?
  @Option(parsing: .unconditional, help: "Lanczos steps of --spectra.") var spectrumSteps: Int?
  @Flag(help: "Go on from the newest checkpoint in the run directory.") var resume = false
  @Flag(help: "Print one JSON object an epoch.") var json = false

  func validate() throws {
    let overrides: [Any?] = [
      preset, dataset, network, epochs, compressTo, loss, optimizer, rho, eta, weighting, drwEpoch, batchSize,
      learningRate,
      schedule, seed,
      checkpointEvery, keepEvery, selectEvery, metricsEvery,
      digestEvery, testTime, onDivergence, spectra, spectrumSteps,
    ]
    if resume, overrides.contains(where: { $0 != nil }) || !listing.isEmpty {
      throw ValidationError("--resume takes the recipe from the run directory: give only --out and --data")
    }
    if listing.images != nil, dataset != nil { throw ValidationError("give --images or --dataset, not both") }
    if epochs != nil, compressTo != nil { throw ValidationError("give --epochs or --compress-to, not both") }
    if spectra == nil, spectrumSteps != nil { throw ValidationError("--spectrum-steps needs --spectra") }
    if !resume, preset == nil { throw ValidationError("give a preset with --preset, or --resume") }
    let interval = 0...CountRange.longestInterval
    // Before the recipe is computed from them.
    try CountRange.check([
      ("--epochs", epochs, 1...Recipe.epochLimit), ("--compress-to", compressTo, 1...Recipe.epochLimit),
      ("--drw-epoch", drwEpoch, 0...Recipe.epochLimit), ("--batch-size", batchSize, 1...Recipe.batchLimit),
      ("--eta", eta, 1...CountRange.longestInterval),
      ("--spectrum-steps", spectrumSteps, 1...CountRange.mostVectors),
      ("--checkpoint-every", checkpointEvery, interval),
      ("--metrics-every", metricsEvery, interval), ("--digest-every", digestEvery, interval),
      ("--keep-every", keepEvery, interval), ("--select-every", selectEvery, interval),
    ])
  }

  func run() throws { try Job.all(train) }

  private func train() throws {
    let directory = RunDirectory(out.directory)
    if resume {
      let record = try directory.readRecord()
      return try train(record.recipe, record.options, in: directory, listing: record.listing) {
        try recordedSpectra(record, $0)
      }
    }
    var recipe = try chosenRecipe()
    let listing = listing.apply(to: &recipe)
    // The loop refuses it too, but only after all images were decoded.
    if listing != nil, case .parametricContrastive = recipe.loss {
      throw ToolError.usage(
        "--images: the loss paco needs two views of each image, which only CIFAR's and a fixture's have")
    }
    try train(recipe, chosenOptions(), in: directory, listing: listing, spectra: chosenSpectra)
  }

  /// Trains one run of a recipe.
  func train(
    _ recipe: Recipe, _ options: TrainingOptions, in directory: RunDirectory, listing: ImageListing? = nil,
    spectra chosenSpectra: (LongTailedData) throws -> ClassSpectra?
  ) throws {
    let images = try LongTailedData.named(recipe.data, at: data, listing: listing)
    if let line = DataCommand.snapLine(images) { Console.note(line) }
    if let start = recipe.lastStart, start >= recipe.epochs {
      Console.note(
        "\(recipe.method) changes in epoch \(start) (0-based), which a run of \(recipe.epochs) epochs does not reach"
      )
    }
    if let eta = recipe.optimizer.oracle.eta, recipe.optimizer.oracle.tail(counts: images.counts).isEmpty {
      Console.note(
        "no class has fewer than \(eta) images: the tail is empty and nothing will be perturbed for it")
    }
    if let manifest { try images.check(againstFile: manifest.path) }
    if resume { try images.check(againstFile: directory.record.path) }
    let spectra = try chosenSpectra(images)
    // Lines of a log stay whole, for grep.
    let lineLayout = Console.layout(
      wide: isatty(STDOUT_FILENO) == 0 && ProcessInfo.processInfo.environment["COLUMNS"] == nil)
    let meter = ProgressMeter()
    // A separate meter, because it counts other units.
    let spectrumMeter = ProgressMeter()
    let trainer = Trainer<Float>(
      recipe: recipe, data: images, options: options,
      measurement: spectra?.measurement(on: images.train, seed: recipe.seed) { label, done, total in
        if Interruption.isRequested { throw SpectrumInterrupted() }
        spectrumMeter.show(
          label.map { "spectrum of class \($0)" } ?? "spectrum of all classes", done: done, total: total)
      }, ranks: Job.ranks)
    Interruption.catchSignals()
    var rate = ProgressRate()
    var steps = 0
    do {
      let state = try trainer.run(
        in: directory, resume: resume, isCancelled: { Interruption.isRequested },
        observer: { event in
          switch event {
          case .step(let record, let epoch, let step, let stepsPerEpoch):
            rate.add(record.samples)
            steps += 1
            meter.show(
              "epoch \(epoch + 1)/\(recipe.epochs)", done: epoch * stepsPerEpoch + step,
              total: recipe.epochs * stepsPerEpoch, note: rate.note(loss: record.loss))
          case .epoch(let record):
            meter.clear()
            Console.print(
              json ? record.json.canonical() : EpochLine(record, epochs: recipe.epochs).text(in: lineLayout))
            // Flush, so that the reader of a pipe sees each epoch at its end.
            try? Console.flush()
          case .measurement(let event):
            spectrumMeter.clear()
            if json {
              Console.print(event.canonical())
            } else {
              let spectrum = try? SpectrumEvent(JSONCursor(event, file: directory.metrics.path))
              for line in spectrum.map(SpectrumLines.init)?.lines ?? [] { Console.print(line) }
            }
            try? Console.flush()
          case .skipped(let divergence):
            meter.clear()
            Console.note("skipped: \(divergence.reason)")
          case .notice(let line):
            Console.note(Failure.oneLine(line))
          }
        })
      meter.clear()
      if let line = Job.trafficLine(per: "step", count: steps) { Console.note(line) }
      if options.selectEvery > 0, Job.leads { try noteSelection(in: directory) }
      Console.note("parameters \(state.parameters.digest.hex)")
      Console.note("run \(state.digest.hex), recorded in \(out.path.quotable(limit: 1024))")
      // The last step, or the one before those that were skipped, may have left no numbers.
      try StateDictionary(parameters: state.parameters, statistics: state.statistics).check(file: out.path)
    } catch is SpectrumInterrupted {
      spectrumMeter.clear()
      throw ToolError.interrupted(
        "interrupted in a spectrum, after a checkpoint; finished classes are kept; go on with: \(resumeCommand)"
      )
    } catch is Interrupted {
      meter.clear()
      throw ToolError.interrupted("interrupted after a checkpoint; go on with: \(resumeCommand)")
    }
  }

  /// Reports the selected epoch beside the last.
  private func noteSelection(in directory: RunDirectory) throws {
    let run = try RecordedRun(directory)
    for (name, epoch) in [("last epoch", run.epochs.last), ("selected epoch", run.selected)] {
      guard let epoch else { continue }
      let figures = RunMetric.allAccuracies.compactMap { metric in
        epoch.figures[metric].map { "\(metric.text) \(EpochLine.fixed($0, 2)) %" }
      }
      Console.note("\(name) \(epoch.epoch + 1)/\(run.recipe.epochs): \(figures.joined(separator: ", "))")
    }
    if run.selected != nil {
      Console.note(
        "selected: the best of every \(run.selectEvery == 1 ? "" : "\(run.selectEvery)th ")epoch by mean per-class test "
          + "accuracy, which is chosen on the test images; --checkpoint best takes it")
    } else {
      Console.note("no epoch was selected: the run is shorter than \(run.selectEvery) epochs")
    }
  }

  /// The command that resumes this run, for a shell in the same directory.
  private var resumeCommand: String {
    var words = [CommandLine.arguments.first ?? "escapement", "train", "--resume"]
    if let data { words += ShellWord.option("--data", data.path) }
    if let manifest { words += ShellWord.option("--manifest", manifest.path) }
    if json { words.append("--json") }
    return ShellWord.line(words + ShellWord.option("--out", out.path))
  }

  private func chosenSpectra(_ data: LongTailedData) throws -> ClassSpectra? {
    try spectra.map {
      try ClassSpectra(
        try SpectrumPlan(parsing: $0), of: data.train.classes,
        steps: spectrumSteps ?? ClassSpectra.defaultSteps)
    }
  }

  private func recordedSpectra(_ record: RunRecord, _ data: LongTailedData) throws -> ClassSpectra? {
    try record.document.optionalField("measurement").map {
      try ClassSpectra($0, of: data.train.classes)
    }
  }

  private func chosenOptions() throws -> TrainingOptions {
    var options = TrainingOptions(of: try Preset.named(preset ?? ""))
    if let selectEvery { options.selectEvery = selectEvery }
    if let checkpointEvery { options.checkpointEvery = checkpointEvery }
    if let keepEvery { options.keepEvery = keepEvery }
    if let metricsEvery { options.metricsEvery = metricsEvery }
    if let digestEvery { options.digestEvery = digestEvery }
    if let onDivergence { options.onDivergence = onDivergence }
    if let testTime { options.testTime = testTime }
    return options
  }
}

extension TestTimeAugmentation: ExpressibleByArgument {}
extension DivergenceAction: ExpressibleByArgument {}

/// A signal arrived while a spectrum was measured.
private struct SpectrumInterrupted: ReportedError {
  var exitCode: Int32 { ExitStatus.interrupted.rawValue }
  var description: String { "interrupted in a spectrum" }
}
