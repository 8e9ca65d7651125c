import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementTraining

/// The escape experiment on a checkpoint: rules by name on the training loss and its mini-batches.
///
/// Step t takes the t-th mini-batch of the training order, counted from the start of `epoch`, cropped and flipped as in
/// training. Batch norm normalizes by the mini-batch, as in training. The selection's loss is measured under the
/// checkpoint's running statistics, which do not change: it is one fixed function of the parameters, and v is the
/// direction of this function.
package struct CheckpointEscape: Sendable {
  /// One rule: its name and its constants.
  package typealias Rule = (name: String, optimizer: OptimizerChoice)

  /// The experiment's numbers.
  package let experiment: EscapeExperiment<Float>
  private let recipe: Recipe
  private let descended: Objective<Float>
  private let measured: Objective<Float>
  private let statistics: ParameterVector<Float>
  private let selection: any SampleSource<Float>
  private let source: any EpochSource<Float>
  private let epoch: Int
  private let orders: [[Int]]

  /// An experiment on `recipe`'s data; its seed determines mini-batches and noise. The rules use its momentum and
  /// weight decay, and the objectives use its network.
  ///
  /// `descended` is the loss that the rules minimize, `measured` is the selection's. Throws `HyperparameterError` for a
  /// number of the experiment that differs from the recipe's.
  package init(
    _ experiment: EscapeExperiment<Float>, recipe: Recipe, descended: Objective<Float>,
    measured: Objective<Float>, statistics: ParameterVector<Float>, selection: any SampleSource<Float>,
    source: any EpochSource<Float>, epoch: Int
  ) throws {
    for (name, ours, theirs) in [
      ("momentum", experiment.momentum, recipe.momentum),
      ("weight decay", experiment.weightDecay, recipe.weightDecay),
    ] where ours != theirs {
      throw HyperparameterError(name: name, value: "\(ours)", expected: "the \(theirs) of the rules")
    }
    self.experiment = experiment
    self.recipe = recipe
    self.descended = descended
    self.measured = measured
    self.statistics = statistics
    self.selection = selection
    self.source = source
    self.epoch = epoch
    let stepsPerEpoch = recipe.steps(samples: source.count)
    orders = (0...((experiment.steps - 1) / stepsPerEpoch)).map { source.order(epoch: epoch + $0) }
  }

  /// The arguments of an oracle query other than the point, on which slopes and curvatures depend. Rules with equal
  /// arguments share them.
  private struct Question: Hashable {
    let parts: EscapeModel.Parts
    let settings: OracleSettings
  }

  /// Runs the rules in turn. `onStep` is called with the current rule and step, and may throw to stop. Throws
  /// `HyperparameterError` for a rule that cannot be combined with the recipe's loss or batch size.
  package func run(
    _ rules: [Rule], onStep: (_ what: String, _ step: Int) throws -> Void = { _, _ in }
  ) throws -> [EscapeSeries] {
    var fields: [Question: EscapeField] = [:]
    return try rules.map { name, optimizer in
      var recipe = recipe
      recipe.optimizer = optimizer
      try recipe.validate()
      let rule = try recipe.makeRule(Float.self)
      let model = EscapeModel(optimizer, seed: recipe.seed)
      let oracle = try oracles(optimizer)
      var theory: (model: EscapeModel, field: EscapeField)?
      if let model {
        let question = Question(parts: model.parts, settings: optimizer.oracle)
        let field =
          try fields[question]
          ?? experiment.field(of: model.parts, oracle: oracle) { try onStep("field of \(name)", $0) }
        fields[question] = field
        theory = (model, field)
      }
      return try experiment.run(name, rule, theory: theory, oracle: oracle, loss: selectionLoss(at:)) {
        try onStep(name, $0)
      }
    }
  }

  /// The selection's loss at a point.
  package func selectionLoss(at point: ParameterVector<Float>) throws -> Double {
    try measured.loss(at: point, statistics: statistics, over: selection)
  }

  /// The oracle of each step for a rule.
  private func oracles(_ optimizer: OptimizerChoice) throws -> (Int) throws -> NetworkOracle<Float> {
    let settings = try ResolvedOracleSettings(
      optimizer.oracle, counts: source.classCounts, batchSize: recipe.batchSize)
    return { step in
      let (ahead, start) = place(of: step)
      let end = min(start + recipe.batchSize, orders[ahead].count)
      return NetworkOracle(
        objective: descended,
        batch: try source.batch(Array(orders[ahead][start..<end]), epoch: epoch + ahead),
        statistics: statistics, settings: settings)
    }
  }

  /// The number of epochs after the first, and the first position in that epoch's order.
  private func place(of step: Int) -> (epoch: Int, start: Int) {
    let stepsPerEpoch = recipe.steps(samples: source.count)
    let (ahead, inEpoch) = step.quotientAndRemainder(dividingBy: stepsPerEpoch)
    return (ahead, inEpoch * recipe.batchSize)
  }
}
