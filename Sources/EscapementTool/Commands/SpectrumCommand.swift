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

  @OptionGroup var source: RunOptions
  @OptionGroup var selection: PictureSelection
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
    if landscape != nil, selection.allClasses || selection.classes != nil {
      throw ValidationError("--landscape draws one class, group or all pictures")
    }
  }

  func run() throws {
    let run = try source.load()
    let criterion: (any ClassificationLoss)? = loss == .ce ? SoftmaxCrossEntropy() : run.trainingLoss
    guard let criterion else {
      throw ToolError.usage("--loss training: \(run.recipe.loss.label) is not a loss of one network's output")
    }
    let chosen = try selection.positions(in: run.pictures)
    let subject = SpectrumSubject(
      network: run.network, loss: criterion,
      lossName: loss == .ce ? "plain mean cross-entropy" : "the training loss of \(run.recipe.method)",
      state: run.state, set: run.pictures.train,
      transform: augmented ? .cropAndFlip(seed: seed, epoch: 0) : .plain,
      normalization: batchStatistics ? .batch : .running)
    Interruption.catchSignals()
    if mode == .pyhessian { return try releasedSpectra(of: subject, chosen, step: run.step) }
    var results: [SpectrumResult] = []
    for (name, positions) in chosen {
      for probe in 0..<probes {
        results.append(
          try subject.measure(
            name, positions, steps: steps, seed: seed, probe: UInt64(probe), saddle: saddle && probe == 0,
            landscape: probe == 0 ? landscape.map { (URL(fileURLWithPath: $0), radius) } : nil))
      }
    }
    if json {
      Console.output(.array(results.map { subject.json(of: $0, step: run.step) }))
    } else {
      print(subject.text(of: results))
    }
  }

  private func releasedSpectra(
    of subject: SpectrumSubject, _ chosen: [(name: String, positions: [Int])], step: Int
  ) throws {
    let results = try chosen.flatMap { name, positions in
      try (0..<probes).map { probe in
        try subject.measureAsReleased(
          name, positions, steps: steps, seed: seed, probe: UInt64(probe), redraws: augmented)
      }
    }
    if json {
      Console.output(.array(results.map { $0.json(lossName: subject.lossName, step: step) }))
    } else {
      print(PeerSpectrum.text(of: results, lossName: subject.lossName))
    }
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
