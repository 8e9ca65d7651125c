import Escapement
import Foundation

/// Trains a ResNet-8 with `NesterovSGD` for two epochs on the synthetic images that Escapement makes, in a new directory.
///
/// The recipe is a preset of Escapement with another optimizer; `run.json` records its name. Every step is in the
/// metrics, so that `escapement diff` and `expectGolden` can name the first one that differs. Some seconds.
public func trainOnFixture(in directory: URL) throws -> RunDirectory {
  var recipe = try Recipe.preset("fixture/ce").lasting(2)
  recipe.preset = "fixture/ce-nesterov"
  recipe.optimizer = .custom(name: "nesterov")
  let rule = try NesterovSGD<Float>(momentum: recipe.momentum, weightDecay: recipe.weightDecay)
  var options = TrainingOptions()
  options.metricsEvery = 1
  let run = RunDirectory(directory)
  try Trainer(recipe: recipe, data: .fixture(), options: options, rule: rule).run(in: run)
  return run
}
