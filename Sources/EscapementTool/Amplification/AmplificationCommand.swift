import EscapementExperiments
import EscapementOptimizers
import EscapementStatistics
import ArgumentParser
import EscapementArtifacts
import Foundation
import EscapementLongTail
import EscapementNetworks
import EscapementTraining
import EscapementVerification

/// `escapement amplification`: the effect of SAM along the eigenvector of λ_min, for each mini-batch.
struct AmplificationCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "amplification",
    abstract: "What SAM does to mini-batch gradients along negative curvature, beside Theorem 1.",
    discussion: """
      The direction v is the eigenvector of λ_min of the loss over the selected images, un-augmented, and stays as it is. \
      Mini-batches are drawn as the run draws an epoch's, with batch norm in training mode; the gradients are those at w \
      and at SAM's two ascents of length ρ. Ratios are of sums, with BCa bootstrap intervals of 95 % over mini-batches.

      Example: escapement amplification runs/a --class 9 --batches 50
      """)

  @OptionGroup var source: RunOptions
  @OptionGroup var selection: ImageSelection
  @Option(parsing: .unconditional, help: "The radius ρ; 0.5 is that of the papers' spectra under SAM.")
  var rho =
    0.5
  @Option(parsing: .unconditional, help: "Mini-batches.") var batches = 200
  @Option(parsing: .unconditional, help: "Lanczos steps for v.") var steps = 60
  @Option(
    help: "The loss the run was trained with in its last epoch (training), or plain cross-entropy (ce).")
  var loss = SpectrumLoss.training
  @Flag(help: "Also vᵀH_b v and ‖H_b v − λv‖ of each mini-batch: one Hessian-vector product each.")
  var products = false
  @Flag(help: "Crop and flip the images of the mini-batches, as in training.") var augmented = false
  @Flag(
    help: "Take λ_min under the batch-norm statistics of the selected images instead of the running ones.")
  var batchStatistics = false
  @Flag(
    inversion: .prefixedNo,
    help: """
      What one noiseless step on the whole loss does to the selected images': three passes over all images, and two more a \
      selection. Left out with --batch-statistics, under which the classes' losses do not add up to the whole.
      """) var classwise = true
  @Option(parsing: .unconditional, help: "Random directions as a control.") var controls = 8
  @Option(parsing: .unconditional, help: "Bootstrap resamples.") var resamples = 2000
  @Option(help: "Seed of the mini-batches, the start vector, the controls and the resamples.") var seed:
    UInt64 = 0
  @Option(help: ArgumentHelp("Write one line a mini-batch, as CSV.", valueName: "file")) var csv: OutputFile?
  @Flag(help: "Print one JSON object.") var json = false
  @OptionGroup var tables: TableOptions

  func validate() throws {
    guard rho > 0, rho.isFinite else {
      throw ValidationError("--rho is \(rho), expected a finite number above 0")
    }
    try CountRange.check([
      ("--batches", batches, 2...CountRange.most), ("--steps", steps, 1...CountRange.mostVectors),
      ("--controls", controls, 0...CountRange.mostVectors), ("--resamples", resamples, 100...CountRange.most),
    ])
  }

  func run() throws {
    let table = try csv?.checked(as: .addition, apartFrom: source.inputs)
    let run = try source.load()
    let criterion: (any ClassificationLoss)? = loss == .ce ? SoftmaxCrossEntropy() : run.trainingLoss
    guard let criterion else {
      throw ToolError.usage("--loss training: \(run.recipe.loss.label) is not a loss of one network's output")
    }
    let chosen = try selection.positions(in: run.images)
    Interruption.catchSignals()
    let subject = AmplificationSubject(
      network: run.network, loss: criterion,
      lossName: loss == .ce ? "plain mean cross-entropy" : "the training loss of \(run.recipe.method)",
      state: run.state, set: run.images.train, normalization: batchStatistics ? .batch : .running, rho: rho,
      seed: seed, takesProducts: products,
      takesChanges: classwise && !batchStatistics)
    let result = try subject.measure(
      chosen, steps: steps, batches: batches,
      draws: MiniBatchDraws(
        run.images.train, batchSize: run.recipe.batchSize, seed: seed, sampling: run.recipe.sampling,
        augmented: augmented),
      controls: controls)
    if let table { try OutputFile.write(Data(result.csv.utf8), to: table) }
    let report = AmplificationReport(
      result, step: run.step, batchSize: run.recipe.batchSize, isAugmented: augmented,
      bootstrap: Bootstrap(rows: batches, resamples: resamples, seed: seed))
    if json { Console.output(report.json) } else { Console.print(report.text(in: tables.layout)) }
  }
}
