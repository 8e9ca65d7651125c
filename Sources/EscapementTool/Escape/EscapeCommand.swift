import EscapementExperiments
import EscapementOptimizers
import ArgumentParser
import EscapementArtifacts
import Foundation
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementTraining
import EscapementVerification

/// `escapement escape`: a comparison of update rules from a checkpoint, along its direction of negative curvature.
struct EscapeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "escape",
    abstract: "Update rules from one saddle: how far each moves along v_min, beside what theory predicts.",
    discussion: """
      v is the eigenvector of λ_min of a class's, group's or the whole loss at the checkpoint (un-augmented images, \
      running statistics). Each rule starts at rest in the checkpoint's parameters, or beside them, and sees the same \
      mini-batches in the same order: those of the training set from the checkpoint's epoch on, cropped, flipped and \
      normalized as in training, under the training loss. Recorded are p = ⟨v, w − w₀⟩ and the selection's loss. The \
      prediction is the linear recurrence of the local quadratic, driven by the mini-batches' gradients at w₀.

      Example: escapement escape runs/a --class 9 --rules sgd,sam
      """)

  @OptionGroup var source: RunOptions
  @OptionGroup var selection: ImageSelection
  @Option(
    help: ArgumentHelp(
      "Rules, separated by commas: sgd, sam, samunnormalized, imbsam, sse-sam, pgd, lpf-sgd and others.",
      valueName: "list"))
  var rules = "sgd,sam,imbsam,sse-sam,pgd,lpf-sgd"
  @Option(parsing: .unconditional, help: "Steps of each rule.") var steps = 100
  @Option(
    parsing: .unconditional,
    help: "Radius of the rules that have one, of SSE-SAM's tail (its head keeps 0.05).")
  var rho = 0.5
  @Option(
    parsing: .unconditional,
    help: "Learning rate, constant; that of the checkpoint's last epoch when left out.")
  var rate: Double?
  @Option(parsing: .unconditional, help: "How far along v from the checkpoint's parameters the rules start.")
  var offset = 0.0
  @Option(
    parsing: .unconditional,
    help: "ImbSAM's and SSE-SAM's tail: classes of fewer images; the data's tail group when left out.")
  var eta: Int?
  @Flag(help: "With the run's weight decay; without it when left out.") var weightDecay = false
  @Option(parsing: .unconditional, help: "Lanczos steps that look for v.") var lanczosSteps = 60
  @Option(
    help:
      "The selection's loss: the training loss, or plain cross-entropy (ce). Rules descend the training loss."
  )
  var loss = SpectrumLoss.ce
  @Option(parsing: .unconditional, help: "|p| from which on a rule has escaped.") var threshold = 0.1
  @Option(
    parsing: .unconditional,
    help: "Fall of the selection's loss with which a rule has escaped; a tenth of the loss when left out.")
  var drop: Double?
  @Option(parsing: .unconditional, help: "Steps between measurements of the selection's loss.")
  var measureEvery = 5
  @Option(help: "Seed of the mini-batches, the noise and the start vector.") var seed: UInt64 = 0
  @Option(help: ArgumentHelp("Also write every step as CSV.", valueName: "file")) var csv: OutputFile?
  @Option(
    help: ArgumentHelp(
      "Also draw the projections and losses, as .svg, .png or .pdf.", valueName: "file"))
  var svg: OutputFile?
  @Flag(help: "Print one JSON object.") var json = false
  @OptionGroup var tables: TableOptions

  func validate() throws {
    try CountRange.check([
      ("--steps", steps, 1...CountRange.most), ("--lanczos-steps", lanczosSteps, 1...CountRange.mostVectors),
      ("--measure-every", measureEvery, 1...CountRange.most), ("--eta", eta, 1...CountRange.longestInterval),
    ])
    for (name, value) in [("--rate", rate ?? 1), ("--threshold", threshold), ("--drop", drop ?? 1)] {
      guard value > 0, value.isFinite else {
        throw ValidationError("\(name) is \(value), expected a finite number above 0")
      }
    }
    guard rho >= 0, rho.isFinite else {
      throw ValidationError("--rho is \(rho), expected a finite number of at least 0")
    }
    guard offset.isFinite else { throw ValidationError("--offset is \(offset), expected a finite number") }
    if selection.allClasses || selection.classes != nil {
      throw ValidationError("escape follows one class, group or all images")
    }
  }

  func run() throws {
    try OutputFile.checkDistinct(["--csv": csv, "--svg": svg])
    let files = try (
      csv: csv?.checked(as: .addition, apartFrom: source.inputs),
      figure: svg.map { try FigureFile($0, as: .addition, apartFrom: source.inputs) }
    )
    let run = try source.load()
    guard let trained = run.trainingLoss else {
      throw ToolError.usage("\(run.recipe.loss.label) is not a loss of one network's output")
    }
    let chosen = try selection.positions(in: run.images)[0]
    let scene = EscapeScene(
      run: run, name: chosen.name, positions: chosen.positions, trained: trained,
      selected: loss == .ce ? SoftmaxCrossEntropy() : trained,
      lossName: loss == .ce ? "plain mean cross-entropy" : "the training loss of \(run.recipe.method)")
    let rules = try scene.rules(rules, rho: rho, eta: eta)
    Interruption.catchSignals()
    let meter = ProgressMeter()
    defer { meter.clear() }
    let saddle = try scene.saddle(steps: lanczosSteps, seed: seed, meter: meter)
    let experiment = try EscapeExperiment(
      origin: run.state.parameters, direction: saddle.vector, offset: offset, steps: steps,
      learningRate: rate ?? scene.rate, momentum: run.recipe.momentum,
      weightDecay: weightDecay ? run.recipe.weightDecay : 0, measureEvery: measureEvery)
    let series = try scene.series(experiment, rules, seed: seed, meter: meter)
    let report = EscapeReport(
      selection: chosen.name, samples: chosen.positions.count, saddle: saddle, threshold: threshold,
      drop: drop ?? saddle.loss / 10, series: series)
    meter.clear()
    if let csv = files.csv { try OutputFile.write(Data(report.csv.utf8), to: csv) }
    if let figure = files.figure {
      let title =
        "Escape along v_min of \(chosen.name): λ = \(scene.number(saddle.eigenvalue)), rate "
        + "\(scene.number(experiment.learningRate)), momentum \(scene.number(experiment.momentum))"
      try figure.write(EscapeFigure.draw(report, title: title).svg)
    }
    if json {
      Console.output(scene.json(of: report, saddle, experiment, rules, seed: seed))
    } else {
      Console.print(scene.text(of: report, saddle, experiment, rules, in: tables.layout))
    }
  }
}
