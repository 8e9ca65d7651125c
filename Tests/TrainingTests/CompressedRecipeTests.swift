import EscapementOptimizers
import Testing

@testable import EscapementTraining

/// A published protocol in fewer epochs.
@Suite struct CompressedRecipeTests {
  @Test func `The released protocol in 40 epochs keeps its proportions`() throws {
    let recipe = try Recipe.preset("cifar10-lt100/ce-drw-sam").compressed(to: 40)
    #expect(recipe.epochs == 40)
    #expect(recipe.weighting?.start == 32)
    #expect(
      recipe.schedule.curve
        == .steps(
          warmup: 1, divisor: 1,
          milestones: [.init(epoch: 32, factor: 0.01), .init(epoch: 36, factor: 0.0001)]))
    #expect(recipe.optimizer == .sam(rho: .constant(0.5), variant: .released))
  }

  @Test func `Epochs are rounded to the nearest, halves up`() throws {
    // 160 and 180 of 200 in 25 epochs are 20 and 22.5; 5 are 0.625; in 3 epochs 5 would be none, which is kept at one.
    let recipe = try Recipe.preset("cifar10-lt100/ce-drw").compressed(to: 25)
    #expect(recipe.weighting?.start == 20)
    #expect(
      recipe.schedule.curve
        == .steps(
          warmup: 1, divisor: 1,
          milestones: [.init(epoch: 20, factor: 0.01), .init(epoch: 23, factor: 0.0001)]))
  }

  @Test func `To its own length a recipe is itself`() throws {
    for preset in Preset.all {
      let recipe = preset.recipe
      #expect(try recipe.compressed(to: recipe.epochs) == recipe, "\(preset.name)")
    }
  }

  @Test func `An overshoot of the warm-up keeps its size, a radius by epoch moves, and so does a loss`()
    throws
  {
    var recipe = try Recipe.preset("cifar10-lt100/ce-drw-sam")
    recipe.epochs = 400
    recipe.schedule = .parametricContrastive()
    recipe.loss = .influenceBalanced(alpha: 1000, start: 100)
    recipe.optimizer = .sam(rho: .releasedSteps, variant: .released)
    recipe.weighting?.start = 160
    let half = try recipe.compressed(to: 200)
    #expect(
      half.schedule.curve
        == .steps(
          warmup: 6, divisor: 5,
          milestones: [.init(epoch: 161, factor: 0.1), .init(epoch: 181, factor: 0.01)]))
    #expect(half.loss == .influenceBalanced(alpha: 1000, start: 50))
    #expect(
      half.optimizer.radii == [
        .steps(
          first: 0.05,
          then: [.init(epoch: 3, rho: 0.1), .init(epoch: 80, rho: 0.5), .init(epoch: 90, rho: 0.6)])
      ])
  }

  @Test func `Milestones that would fall together or out of the run are refused`() throws {
    var recipe = try Recipe.preset("cifar10-lt100/ce-drw")
    // 180 of 200 in 3 epochs is 2.7, so 3; 160 and 180 of 400 in 3 are 1.2 and 1.35, both 1.
    #expect(throws: HyperparameterError.self) { try recipe.compressed(to: 3) }
    recipe.epochs = 400
    #expect(throws: HyperparameterError.self) { try recipe.compressed(to: 3) }
    #expect(throws: HyperparameterError.self) { try recipe.compressed(to: 0) }
  }
}
