import EscapementCurvature
import EscapementExperiments
import EscapementArtifacts
import EscapementDrawing
import Foundation
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementTraining
import EscapementVerification

/// A checkpoint with the images and losses of an escape experiment, and the text of its results.
struct EscapeScene {
  let run: LoadedRun
  /// The selection's name and images.
  let name: String
  let positions: [Int]
  /// The loss that is descended.
  let trained: any ClassificationLoss
  /// The loss whose saddle it is.
  let selected: any ClassificationLoss
  let lossName: String

  /// The learning rate of the last epoch trained.
  var rate: Double { run.recipe.schedule.rate(epoch: lastEpoch) }

  private var lastEpoch: Int { max(0, run.state.stepInEpoch == 0 ? run.state.epoch - 1 : run.state.epoch) }

  /// The rules in a list of names, with their radius and tail.
  func rules(_ list: String, rho: Double, eta: Int?) throws -> [CheckpointEscape.Rule] {
    let known = OptimizerChoice.byName
    let counts = run.images.counts
    let largestOfTail = run.images.groups.tail.map { counts[$0] }.max() ?? 0
    return try list.listed.map { word in
      guard let entry = known.first(where: { $0.name == word }) else {
        throw UnknownName("--rules:", word, known: known.map(\.name))
      }
      let tailed = entry.optimizer.with(eta: eta ?? largestOfTail + 1) ?? entry.optimizer
      return (entry.name, tailed.with(rho: rho) ?? tailed)
    }
  }

  /// The direction of the selection's λ_min.
  func saddle(steps: Int, seed: UInt64, meter: ProgressMeter) throws -> SaddleDirection {
    let count = ProductCount(
      label: "v_min of \(name)", total: steps + extremeSpectrumExtraProducts, meter: meter,
      stopIfAsked: Self.stopIfAsked)
    return try SaddleDirection(
      network: run.network, loss: selected, parameters: run.state.parameters,
      statistics: run.state.statistics,
      images: run.images.train, positions: positions, steps: steps, seed: seed, onProduct: count.next)
  }

  /// Runs the rules.
  func series(
    _ experiment: EscapeExperiment<Float>, _ rules: [CheckpointEscape.Rule], seed: UInt64,
    meter: ProgressMeter
  ) throws -> [EscapeSeries] {
    var recipe = run.recipe
    recipe.seed = seed
    recipe.weightDecay = experiment.weightDecay
    let escape = try CheckpointEscape(
      experiment, recipe: recipe, descended: Objective(network: run.network, loss: trained),
      measured: Objective(network: run.network, loss: selected), statistics: run.state.statistics,
      selection: run.images.train.source(positions, of: Float.self),
      source: AugmentedImages<Float>(run.images.train, recipe: recipe),
      epoch: run.state.epoch)
    return try escape.run(rules) { what, step in
      meter.show(what, done: step, total: experiment.steps)
      try Self.stopIfAsked()
    }
  }

  private static func stopIfAsked() throws {
    if Interruption.isRequested {
      throw ToolError.interrupted("interrupted; an experiment keeps nothing: run the command again")
    }
  }

  /// The subject of the numbers, then a table with one row per rule.
  func text(
    of report: EscapeReport, _ saddle: SaddleDirection, _ experiment: EscapeExperiment<Float>,
    _ rules: [CheckpointEscape.Rule], in layout: TextLayout
  ) -> String {
    var table = TextTable(
      heading: [
        "rule", "ρ", "curvature vᵀHv", "ascent ‖ε‖/‖g‖", "growth of |p| a step", "p at end", "p predicted",
        "misfit", "misfit without curvature", "misfit of one step", "|p| ≥ \(number(report.threshold))",
        "loss at end", "loss fell", "‖w − w₀‖", "consistent",
      ], rightAligned: Set(1...13))
    for (rule, series) in zip(rules, report.series) {
      let last = series.points[series.points.count - 1]
      func step(_ value: Int?) -> String { value.map { "step \($0)" } ?? "no" }
      func optional(_ value: Double?) -> String { value.map(number) ?? "-" }
      func list(_ values: [Double]) -> String {
        values.isEmpty ? "-" : values.map(number).joined(separator: " + ")
      }
      let moves = series.points.compactMap(\.move)
      table.rows.append([
        rule.name, optional(moves.first?.rho), list(series.curvatures), list(series.meanRadii),
        optional(series.growth), number(last.position), optional(series.predicted?.last),
        optional(series.misfit), optional(series.misfitWithoutCurvature), optional(series.closureError),
        step(series.escape(beyond: report.threshold)), optional(last.loss),
        step(series.escape(below: report.loss - report.drop)), number(last.distance),
        series.divergedAt.map { "diverged at step \($0)" }
          ?? EscapeReport.isConsistent(series).map { $0 ? "yes" : "no" } ?? "no prediction",
      ])
    }
    let tails = rules.map { $0.optimizer.oracle.tail(counts: run.images.counts) }.first { !$0.isEmpty } ?? []
    return layout.wrapped(
      """
      \(name): \(positions.count) images, \(lossName), running statistics: λ_min \(number(saddle.eigenvalue)) \
      (residual \(number(saddle.residual))), λ_max \(number(saddle.largest)), loss \(number(saddle.loss)), ‖∇f‖ \
      \(number(saddle.gradientNorm)), ⟨v, ∇f⟩ \(number(saddle.slope))
      descended: the training loss of \(run.recipe.method), batch statistics, mini-batches of \
      \(run.recipe.batchSize), rate \(number(experiment.learningRate)), momentum \(number(experiment.momentum)), \
      weight decay \(number(experiment.weightDecay)), start \(number(experiment.offset))·v, tail \
      \(tails.isEmpty ? "of no class" : "of classes " + tails.sorted().map(String.init).joined(separator: ", "))
      """, hanging: 0) + "\n\n\(table.text(in: layout))\n\n"
      + layout.wrapped(
        """
        curvature: of the loss descended (head + tail); ascent: mean ‖ε‖/‖g‖; growth: long-run factor; p: place along v; \
        misfit: of the recurrence, 1 if it said no more than that nothing moves; without curvature: of the same drive; \
        of one step: of ⟨v, ∇⟩ at the measured p. Consistent: misfit at most \
        \(number(EscapeReport.consistentMisfit)).
        """, hanging: 0)
  }

  /// All measurements, with the settings.
  func json(
    of report: EscapeReport, _ saddle: SaddleDirection, _ experiment: EscapeExperiment<Float>,
    _ rules: [CheckpointEscape.Rule], seed: UInt64
  ) -> JSON {
    [
      NumericContract.key: NumericContract.current.json,
      "selection": .string(name), "samples": .integer(positions.count), "loss": .string(lossName),
      "checkpoint_step": .integer(run.step), "seed": .string(String(seed)),
      "saddle": [
        "eigenvalue": .number(saddle.eigenvalue), "residual": .number(saddle.residual),
        "largest": .number(saddle.largest), "loss": .number(saddle.loss),
        "gradient_norm": .number(saddle.gradientNorm), "slope": .number(saddle.slope),
        "lanczos_steps": .integer(saddle.steps),
      ],
      "descended": .string("the training loss of \(run.recipe.method), batch statistics"),
      "steps": .integer(experiment.steps), "learning_rate": .number(experiment.learningRate),
      "momentum": .number(experiment.momentum), "weight_decay": .number(experiment.weightDecay),
      "offset": .number(experiment.offset), "threshold": .number(report.threshold),
      "drop": .number(report.drop), "optimizers": .array(rules.map(\.optimizer.json)),
      "rules": report.json,
    ]
  }

  /// Five significant digits.
  func number(_ value: Double) -> String {
    value.isFinite ? String(format: "%.5g", value == 0 ? 0 : value) : "\(value)"
  }
}
