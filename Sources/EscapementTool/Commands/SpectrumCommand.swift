import ArgumentParser
import Artifacts
import Curvature
import Foundation
import Kernels
import LongTail
import Networks
import Training

/// `escapement spectrum`: extreme Hessian eigenvalues of a run's newest checkpoint.
struct SpectrumCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "spectrum", abstract: "Extreme Hessian eigenvalues of a trained network, by Lanczos.",
    discussion: """
      The loss is the plain mean cross-entropy over fixed, un-augmented training pictures under running batch-norm \
      statistics, unless a flag says otherwise; the output states all four. Lanczos runs in Float with full \
      reorthogonalisation; the residuals of the extremes are measured by products in Double.
      """)

  @Argument(help: ArgumentHelp("Run directory.", valueName: "RUN")) var runDirectory: String
  @Option(
    help: ArgumentHelp(
      "The run's pictures: archive or directory; not needed for fixtures.", valueName: "path"))
  var data: String?
  @Option(name: .customLong("class"), parsing: .unconditional, help: "Only this class's pictures.") var label:
    Int?
  @Flag(help: "Each class by itself.") var allClasses = false
  @Option(help: "Only the pictures of the head, mid or tail classes.") var group: GroupName?
  @Option(
    help: "Plain cross-entropy (ce), or the loss the run was trained with in its last epoch (training).")
  var loss = SpectrumLoss.ce
  @Option(
    help:
      "exact, or pyhessian: the papers' released procedure, which with --augmented crops and flips anew at each product."
  )
  var mode = SpectrumMode.exact
  @Flag(help: "Batch norm by the statistics of the pictures themselves, as in training.")
  var batchStatistics =
    false
  @Flag(help: "Crop and flip each picture, once and for all, by the seed.") var augmented = false
  @Option(
    help: ArgumentHelp(
      "Draw the loss along the two extreme eigenvectors and in their plane, as SVG; of one selection.",
      valueName: "file"))
  var landscape: String?
  @Option(parsing: .unconditional, help: "How far --landscape reaches to either side.") var radius = 1.0
  @Flag(
    help: """
      Also test for a saddle along the smallest eigenvector: gradient, finite curvature, its slope, and the part in the \
      loss of all pictures.
      """)
  var saddle = false
  @Option(parsing: .unconditional, help: "Lanczos steps.") var steps = 100
  @Option(parsing: .unconditional, help: "Start vectors.") var probes = 1
  @Option(parsing: .unconditional, help: "At most this many pictures, the first of the selection.")
  var samples: Int?
  @Option(help: "Seed of the start vectors.") var seed: UInt64 = 0
  @Flag(help: "Print one JSON array.") var json = false

  func validate() throws {
    guard steps >= 1 else { throw ValidationError("--steps is \(steps), expected at least 1") }
    guard probes >= 1 else { throw ValidationError("--probes is \(probes), expected at least 1") }
    guard radius > 0, radius.isFinite else {
      throw ValidationError("--radius is \(radius), expected a finite number above 0")
    }
    if mode == .pyhessian, saddle || landscape != nil {
      throw ValidationError("--saddle and --landscape need --mode exact")
    }
    if landscape != nil, allClasses {
      throw ValidationError("--landscape draws one class, group or all pictures")
    }
    if let samples, samples < 1 { throw ValidationError("--samples is \(samples), expected at least 1") }
    if [label != nil, allClasses, group != nil].count(where: { $0 }) > 1 {
      throw ValidationError("give one of --class, --all-classes and --group")
    }
  }

  func run() throws {
    let run = RunDirectory(URL(fileURLWithPath: runDirectory, isDirectory: true))
    let recipe = try run.recipe()
    guard let step = run.checkpointedSteps().last else {
      throw MissingError(
        what: "a checkpoint in \(run.checkpoints.path)", advice: "train first, or correct the path")
    }
    let pictures = try LongTailedData.named(
      recipe.data, at: data.map { URL(fileURLWithPath: $0) })
    let classes = pictures.train.classes
    if let label, !(0..<classes).contains(label) {
      throw ToolError.usage("--class is \(label), expected 0 to \(classes - 1)")
    }
    let network = recipe.architecture.network(classes: classes)
    let state = try Checkpoint<Float>(sidecar: run.sidecar(step: step), network: network).state
    guard let criterion = criterion(recipe, counts: pictures.train.classCounts, state) else {
      throw ToolError.usage("--loss training: \(recipe.loss.label) is not a loss of one network's output")
    }
    let subject = SpectrumSubject(
      network: network, loss: criterion, lossName: lossName(recipe), state: state, set: pictures.train,
      transform: augmented ? .cropAndFlip(seed: seed, epoch: 0) : .plain,
      normalization: batchStatistics ? .batch : .running)
    Interruption.catchSignals()
    if mode == .pyhessian { return try releasedSpectra(of: subject, pictures, step: step) }
    var results: [SpectrumResult] = []
    for (name, positions) in selections(pictures) {
      for probe in 0..<probes {
        let kept = Array(positions.prefix(samples ?? positions.count))
        results.append(
          try subject.measure(
            name, kept, steps: steps, seed: seed, probe: UInt64(probe), saddle: saddle && probe == 0,
            landscape: probe == 0 ? landscape.map { (URL(fileURLWithPath: $0), radius) } : nil))
      }
    }
    if json {
      Console.output(.array(results.map { subject.json(of: $0, step: step) }))
    } else {
      print(subject.text(of: results))
    }
  }

  private func releasedSpectra(of subject: SpectrumSubject, _ data: LongTailedData, step: Int) throws {
    let results = try selections(data).flatMap { name, positions in
      try (0..<probes).map { probe in
        try subject.measureAsReleased(
          name, Array(positions.prefix(samples ?? positions.count)), steps: steps, seed: seed,
          probe: UInt64(probe), redraws: augmented)
      }
    }
    if json {
      Console.output(.array(results.map { $0.json(lossName: subject.lossName, step: step) }))
    } else {
      print(PeerSpectrum.text(of: results, lossName: subject.lossName))
    }
  }

  /// Pictures by name.
  private func selections(_ data: LongTailedData) -> [(String, [Int])] {
    let set = data.train
    if allClasses { return (0..<set.classes).map { ("class \($0)", set.positions(ofClass: $0)) } }
    if let label { return [("class \(label)", set.positions(ofClass: label))] }
    if let group {
      return [(group.rawValue, group.classes(of: data.groups).flatMap { set.positions(ofClass: $0) })]
    }
    return [("all", Array(0..<set.count))]
  }

  private func criterion(
    _ recipe: Recipe, counts: [Int], _ state: TrainingState<Float>
  ) -> (any ClassificationLoss)? {
    switch loss {
    case .ce: SoftmaxCrossEntropy()
    case .training:
      recipe.loss.criterion(
        counts: counts, weighting: recipe.weighting,
        epoch: max(0, state.stepInEpoch == 0 ? state.epoch - 1 : state.epoch))
    }
  }

  private func lossName(_ recipe: Recipe) -> String {
    loss == .ce ? "plain mean cross-entropy" : "the training loss of \(recipe.method)"
  }
}

/// By which procedure a spectrum is taken.
enum SpectrumMode: String, ExpressibleByArgument, CaseIterable {
  case exact, pyhessian
}

/// Which loss a spectrum is of.
enum SpectrumLoss: String, ExpressibleByArgument, CaseIterable {
  case ce, training
}

/// Groups of classes by name.
enum GroupName: String, ExpressibleByArgument, CaseIterable {
  case head, mid, tail

  func classes(of groups: ClassGroups) -> [Int] {
    switch self {
    case .head: groups.head
    case .mid: groups.mid
    case .tail: groups.tail
    }
  }
}
