import ArgumentParser
import EscapementArtifacts
import EscapementCurvature
import Foundation
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementTraining

/// `escapement spectrum`: extreme Hessian eigenvalues of a run's newest checkpoint.
struct SpectrumCommand: RankedCommand {
  static let configuration = CommandConfiguration(
    commandName: "spectrum", abstract: "Extreme Hessian eigenvalues of a trained network, by Lanczos.",
    discussion: """
      The loss is the plain mean cross-entropy over fixed, un-augmented training images under running batch-norm \
      statistics, unless a flag says otherwise; the output states all four. Lanczos runs in Float with full \
      reorthogonalization; the residuals of the extremes are measured by products in Double.

      Example: escapement spectrum runs/a --class 9 --json
      """)

  @OptionGroup var source: RunOptions
  @OptionGroup var selection: ImageSelection
  @Option(
    help: "Plain cross-entropy (ce), or the loss the run was trained with in its last epoch (training).")
  var loss = SpectrumLoss.ce
  @Option(
    name: .customLong("operator"),
    help: "The Hessian, its Gauss-Newton part, the remainder H - G, or the empirical Fisher matrix.")
  var matrix = SpectrumOperator.hessian
  @Option(
    help: """
      exact; pyhessian: the papers' released procedure, which with --augmented crops and flips again at each product; or \
      compare: both side by side, each on the same images and re-drawn.
      """)
  var mode = SpectrumMode.exact
  @Flag(help: "Batch norm by the statistics of the images themselves, as in training.")
  var batchStatistics = false
  @Flag(help: "Crop and flip each image, once and for all, by the seed.") var augmented = false
  @Option(
    help: ArgumentHelp(
      "Draw the loss along the two extreme eigenvectors and in their plane, as .svg, .png or .pdf; of one selection.",
      valueName: "file"))
  var landscape: OutputFile?
  @Option(parsing: .unconditional, help: "How far --landscape reaches to either side.") var radius = 1.0
  @Flag(
    help: """
      Also test for a saddle along the smallest eigenvector: gradient, finite curvature, its slope, and the part in the \
      loss of all images.
      """)
  var saddle = false
  @Option(
    parsing: .unconditional,
    help: "Certify this many Ritz pairs at each end, each by one more product; the table lists them.")
  var pairs = 1
  @Option(
    help: ArgumentHelp(
      "Only the block of the parameters whose names begin so, such as layer3. or linear., the others at rest.",
      valueName: "text"))
  var block: String?
  @Option(
    help: ArgumentHelp(
      "Measure along the segment to this run's newest checkpoint, or file of weights: (1 - t)·RUN + t·OTHER, parameters "
        + "and running statistics.", valueName: "other"))
  var towards: FilePath?
  @Option(parsing: .unconditional, help: "With --towards: points of the segment, both ends included.")
  var points = 5
  @Flag(help: "Also find the smallest eigenvalue by LOBPCG, up to eight times the cost.") var secondOpinion =
    false
  @Option(
    help: ArgumentHelp(
      "Write the two extreme eigenvectors of each measurement here, under PyTorch's parameter names.",
      valueName: "dir"))
  var vectors: FilePath?
  @Option(parsing: .unconditional, help: "Lanczos steps; 100 without it and --epsilon.") var steps: Int?
  @Option(
    parsing: .unconditional,
    help: """
      As many steps as bound the smallest eigenvalue from below by this share of the spectrum's width, with \
      --failure-probability.
      """)
  var epsilon: Double?
  @Option(
    parsing: .unconditional,
    help: "That either of the two bounds on the far sides is wrong, over the start vector.")
  var failureProbability = 1e-6
  @Flag(
    help: """
      Also the mass below a hundredth of the largest eigenvalue and the trace, over ten start vectors (one for more than \
      500 images).
      """)
  var density = false
  @Option(parsing: .unconditional, help: "Start vectors; 1 without --density.") var probes: Int?
  @Option(help: "Seed of the start vectors.") var seed: UInt64 = 0
  @Option(
    help: ArgumentHelp(
      "Keep each measurement in this JSON file; those that are there already are not taken again.",
      valueName: "file"))
  var out: OutputFile?
  @Flag(help: "Also print each self-check with its bound.") var checks = false
  @Flag(help: "Print one JSON array.") var json = false
  @OptionGroup var tables: TableOptions

  func validate() throws {
    try CountRange.check([
      ("--steps", steps, 1...CountRange.mostVectors), ("--probes", probes, 1...CountRange.most),
      ("--pairs", pairs, 1...1000), ("--points", points, 2...1000),
    ])
    guard block == nil || !(saddle || landscape != nil || vectors != nil || mode != .exact) else {
      throw ValidationError("--block goes with --mode exact, without --saddle, --landscape and --vectors")
    }
    guard towards == nil || (landscape == nil && vectors == nil) else {
      throw ValidationError("--towards goes without --landscape and --vectors")
    }
    guard radius > 0, radius <= 1e6 else {
      throw ValidationError("--radius is \(radius), expected a number above 0, at most 1000000")
    }
    if let epsilon {
      guard steps == nil else { throw ValidationError("give --steps or --epsilon, not both") }
      guard epsilon > 0, epsilon < 0.5 else {
        throw ValidationError("--epsilon is \(epsilon), expected above 0 and below 0.5")
      }
    }
    // There are two statements, each with half of the failure probability.
    guard failureProbability > 0, failureProbability < 1 else {
      throw ValidationError("--failure-probability is \(failureProbability), expected above 0 and below 1")
    }
    let asksForExact = saddle || landscape != nil || secondOpinion || vectors != nil || density || pairs > 1
    if mode == .pyhessian, asksForExact || epsilon != nil {
      throw ValidationError(
        "--saddle, --landscape, --second-opinion, --vectors, --density, --pairs and --epsilon need --mode exact or "
          + "compare"
      )
    }
    if mode != .exact {
      guard (1...255).contains(steps ?? 100), epsilon == nil else {
        throw ValidationError("the released procedure takes --steps 1 to 255")
      }
    }
    if matrix != .hessian, mode != .exact || saddle || landscape != nil {
      throw ValidationError(
        "--operator \(matrix.rawValue) goes with --mode exact, without --saddle and --landscape")
    }
    if landscape != nil, selection.allClasses || selection.classes != nil {
      throw ValidationError("--landscape draws one class, group or all images")
    }
  }

  func run() throws { try Job.all(measure) }

  private func measure() throws {
    try Job.ranks?.checkContract()
    let run = try Job.all { try source.load() }
    let criterion: (any ClassificationLoss)? = loss == .ce ? SoftmaxCrossEntropy() : run.trainingLoss
    guard let criterion else {
      throw ToolError.usage("--loss training: \(run.recipe.loss.label) is not a loss of one network's output")
    }
    let chosen = try selection.positions(in: run.images)
    let subject = SpectrumSubject(
      run: run, loss: criterion,
      lossName: loss == .ce ? "plain mean cross-entropy" : "the training loss of \(run.recipe.method)",
      transform: augmented ? .augmented(seed: seed, epoch: 0) : .plain,
      normalization: batchStatistics ? .batch : .running, matrix: matrix, block: block)
    if let block, !run.network.layout.segments.contains(where: { $0.name.hasPrefix(block) }) {
      throw ToolError.usage(
        "--block \(block): no parameter of \(run.network.name) has a name that begins so; there are "
          + run.network.layout.segments.prefix(3).map(\.name).joined(separator: ", ") + ", …")
    }
    let states = try Job.all { try self.states(of: run) }
    // Create it before the computation, so that a location that cannot be written is reported at once.
    let collection = try Job.all {
      try OutputFile.checkDistinct(["--out": out, "--landscape": landscape])
      if let vectors, Job.leads { _ = try OutputDirectory(vectors.directory) }
      _ = try landscape.map { try FigureFile($0, as: .addition, apartFrom: inputs) }
      return try SpectrumCollection(file: out?.checked(as: .record, apartFrom: inputs))
    }
    var survey = SpectrumSurvey(subject: subject, collection: collection)
    Interruption.catchSignals()
    var stopped = false
    do {
      for (place, state) in states {
        survey.subject.run.state = state
        for (name, positions) in chosen { try take(name + place, positions, into: &survey) }
      }
    } catch is SpectrumStopped {
      stopped = true
    }
    if let out, !survey.taken.isEmpty { Console.wrote(out.url) }
    if json {
      Console.output(.array(survey.taken))
    } else if !survey.taken.isEmpty {
      Console.print(survey.text(checks: checks, in: tables.layout))
    }
    if stopped {
      throw ToolError.interrupted(
        "interrupted after \(survey.taken.count) measurements; "
          + (out.map { "they are in \($0): run the same command again to go on" }
            ?? "with --out FILE they would be kept"))
    }
    // A measurement that fails its own checks is not a result.
    if survey.invalid > 0 {
      throw ToolError.differs(
        "\(survey.invalid) measurements failed their self-checks and say nothing; --checks shows which")
    }
  }

  /// What the command reads.
  private var inputs: [FilePath?] { source.inputs + [towards] }

  /// The directory, if the eigenvectors of a measurement replace no input.
  private func checkedVectors(_ directory: URL, _ name: String, _ probe: UInt64) throws -> URL {
    for end in ["smallest", "largest"] where Job.leads {
      let file = SpectrumSubject.vectorFile(name, probe, end)
      try OutputGuard(inputs: inputs).check(directory.appendingPathComponent(file))
    }
    return directory
  }

  /// The points that are measured, with what distinguishes them in names: the run's own, or those of a segment.
  private func states(of run: LoadedRun) throws -> [(place: String, state: TrainingState<Float>)] {
    guard let towards else { return [("", run.state)] }
    let other = try LoadedRun(towards, data: source.data, checkpoint: nil, weights: source.weights)
    guard other.network.layout == run.network.layout,
      other.network.statisticsLayout == run.network.statisticsLayout
    else {
      throw ToolError.usage("--towards \(towards): \(other.network.name), expected \(run.network.name)")
    }
    return (0..<points).map { index in
      let t = Double(index) / Double(points - 1)
      // The ends themselves: a rounded sum could lose the sign of a zero.
      let state =
        index == 0 ? run.state : index == points - 1 ? other.state : run.state.mixed(with: other.state, t)
      return (", t = \(EpochLine.fixed(t, 3))", state)
    }
  }

  private func take(_ name: String, _ positions: [Int], into survey: inout SpectrumSurvey) throws {
    let count = probes ?? (density && positions.count <= 500 ? 10 : 1)
    let dimension = survey.subject.network.layout.segments.filter { $0.name.hasPrefix(block ?? "") }
      .reduce(0) { $0 + $1.count }
    var procedure = SpectrumProcedure(
      steps: steps ?? epsilon.map {
        KrylovProbabilityBound.steps(
          dimension: dimension, relativeGap: $0, failureProbability: failureProbability / 2)
      } ?? 100, seed: seed, probe: 0, failureProbability: failureProbability / 2)
    for probe in 0..<count {
      procedure.probe = UInt64(probe)
      procedure.saddle = saddle && probe == 0
      procedure.secondOpinion = secondOpinion && probe == 0
      procedure.pairs = pairs
      procedure.landscape = probe == 0 ? try landscape.map { (try FigureFile($0), radius) } : nil
      procedure.vectors = try vectors.map { try checkedVectors($0.directory, name, procedure.probe) }
      switch mode {
      case .exact: try survey.takeExact(name, positions, procedure)
      case .pyhessian: try survey.takeReleased(name, positions, procedure, redraws: augmented)
      case .compare: try survey.compare(name, positions, procedure)
      }
    }
    if density { try survey.summarize(name, positions, procedure, probes: count) }
  }
}

extension SpectrumOperator: ExpressibleByArgument {}

/// The procedure by which a spectrum is computed.
enum SpectrumMode: String, ExpressibleByArgument, CaseIterable {
  case exact, pyhessian, compare
}

/// The loss of a spectrum.
enum SpectrumLoss: String, ExpressibleByArgument, CaseIterable {
  case ce, training
}
