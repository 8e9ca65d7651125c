import EscapementOptimizers
import EscapementArtifacts
import Foundation
import EscapementLongTail
import EscapementNetworks
import Testing
import EscapementTraining

@Suite struct RecipeTests {
  @Test func everyPresetValidatesAndRoundTrips() throws {
    for preset in Preset.all {
      var recipe = preset.recipe
      try recipe.validate()
      recipe.seed = .max
      let text = Data(recipe.json.canonical(pretty: true).utf8)
      let back = try Recipe(JSONCursor(JSON(parsing: text, file: "run.json"), file: "run.json"))
      #expect(back == recipe)
    }
  }

  @Test func choicesThatNoPresetMakesRoundTripToo() throws {
    var recipe = try Recipe.preset("fixture/ce-drw-sam")
    recipe.allowsFallingRho = true
    let radii: [RhoSchedule] = [.releasedSteps, .releasedLinear(), .largeScale(0.05, 0.1, 0.5, 0.25)]
    // PaCo's goes with few rules: the preset below has other constants.
    let losses = LossChoice.byName.map(\.loss).filter { $0 != .parametricContrastive }
    for (i, choice) in OptimizerChoice.byName.map(\.optimizer).enumerated() {
      recipe.optimizer = choice
      if case .sam(_, let variant) = choice {
        recipe.optimizer = .sam(rho: radii[i % radii.count], variant: variant)
      }
      recipe.loss = losses[i % losses.count]
      if case .focalSAM = choice { recipe.loss = .vs }
      recipe.weighting = [.asPrinted(start: 3), ClassWeighting(.inverseFrequency, start: 1), nil][i % 3]
      recipe.sampling = i % 2 == 0 ? .resampled : .uniform
      let back = try Recipe(JSONCursor(recipe.json, file: "run.json"))
      #expect(back == recipe)
    }
    var contrastive = try Recipe.preset("fixture/paco-sam")
    contrastive.loss = .parametricContrastive(alpha: 0.5, temperature: 0.25, queue: 4 * contrastive.batchSize)
    #expect(try Recipe(JSONCursor(contrastive.json, file: "run.json")) == contrastive)
    #expect(Set(OptimizerChoice.byName.map(\.name)).count == OptimizerChoice.byName.count)
    #expect(Set(LossChoice.byName.map(\.name)).count == LossChoice.byName.count)
  }

  @Test func zerosOfBothSignsAreOneRadius() throws {
    for choice in OptimizerChoice.byName.map(\.optimizer) {
      guard let plus = choice.with(rho: 0.0), let minus = choice.with(rho: -0.0) else { continue }
      #expect(plus.json.canonical().isIdentical(to: minus.json.canonical()), "\(plus)")
      #expect(minus.radii.contains { $0.rho(epoch: 0).sign == .plus })
    }
  }

  @Test func unknownPresetsGetTheNamesThatAreNear() throws {
    let mistyped = try #require(throws: HyperparameterError.self) { try Recipe.preset("fixture/ce-sma") }
    #expect(mistyped.description.contains("(did you mean fixture/ce-sam?)"))
    let near = try #require(throws: HyperparameterError.self) { try Recipe.preset("cifar10-lt100/none") }
    #expect(near.exitCode == 64 && near.description.contains("cifar10-lt100/ldam-drw-sam"))
    let far = try #require(throws: HyperparameterError.self) { try Recipe.preset("cifar12/none\n") }
    #expect(far.description.contains("escapement presets") && far.description.contains("cifar100-step100"))
    #expect(!near.description.contains("\n"))
  }

  @Test func valuesOutOfRangeAreRefused() throws {
    let sam = { (rho: Double) in OptimizerChoice.sam(rho: .constant(rho), variant: .released) }
    let changes: [(String, (inout Recipe) -> Void)] = [
      ("rho -1", { $0.optimizer = sam(-1) }), ("rho NaN", { $0.optimizer = sam(.nan) }),
      ("epochs", { $0.epochs = 0 }), ("batch", { $0.batchSize = 0 }), ("momentum", { $0.momentum = 1 }),
      ("decay", { $0.weightDecay = -.infinity }), ("DRW", { $0.weighting = .deferred(start: -1) }),
      ("base", { $0.weighting = ClassWeighting(.effectiveNumber(base: 1), start: 0) }),
      ("rate", { $0.schedule = .released(base: -0.1) }), ("rate", { $0.schedule = .released(base: .nan) }),
      ("milestones", { $0.schedule.curve = .steps(warmup: 0, divisor: 1, milestones: Self.descending) }),
      ("divisor", { $0.schedule.curve = .steps(warmup: 2, divisor: 0, milestones: []) }),
      ("cosine", { $0.schedule = .cosine(base: 0.1, epochs: 9) }),
      ("ahead", { $0.schedule = .cosine(base: 0.1, epochs: 20, ahead: 2) }),
      ("margin", { $0.loss = .ldam(maximum: .nan, scale: 30) }),
      ("scale", { $0.loss = .ldam(maximum: 1, scale: 0) }),
      ("gamma", { $0.loss = .focal(gamma: 0.5, factor: 1) }), ("tau", { $0.loss = .vs(gamma: 0, tau: -1) }),
      ("alpha", { $0.loss = .influenceBalanced(alpha: 0, start: 0) }),
      ("sampling", { $0.sampling = .effectiveNumber(base: -0.1) }),
      ("shards", { $0.optimizer = .lpfSGD(radius: 0.1, shards: 5, holding: .nominal) }),
      ("eta", { $0.optimizer = .imbSAM(rho: .constant(0.1), eta: 0, normalization: .doubledTail) }),
      ("radii", { $0.optimizer = .sam(rho: .releasedLinear(epochs: 9), variant: .released) }),
      (
        "stage",
        { $0.optimizer = .sseSAM(rhoHead: .constant(0), rhoTail: .constant(0), stageFraction: 1, eta: 9) }
      ),
    ]
    for (name, change) in changes {
      var recipe = try Recipe.preset("fixture/ce-drw-sam")
      change(&recipe)
      #expect(throws: HyperparameterError.self, "\(name)") { try recipe.validate() }
    }
  }

  static let descending = [
    LearningRateSchedule.Milestone(epoch: 4, factor: 0.1),
    LearningRateSchedule.Milestone(epoch: 2, factor: 1),
  ]

  /// Algorithm 1 of the supplement has ρ_drw ≥ ρ.
  @Test func aRadiusMayNotFallWithReweightingUnlessAsked() throws {
    var recipe = try Recipe.preset("fixture/ce-drw-sam")
    func radii(_ first: Double, _ later: Double, from epoch: Int = 8) -> OptimizerChoice {
      .sam(rho: .steps(first: first, then: [.init(epoch: epoch, rho: later)]), variant: .released)
    }
    for fine in [radii(0.1, 0.5), radii(0.5, 0.5), radii(0.1, 0.5, from: 3)] {
      recipe.optimizer = fine
      try recipe.validate()
    }
    for falling in [radii(0.5, 0.1), radii(0.5, 0.1, from: 9)] {
      recipe.optimizer = falling
      let error = try #require(throws: HyperparameterError.self) { try recipe.validate() }
      #expect(error.description.contains("epoch 8"))
      recipe.allowsFallingRho = true
      try recipe.validate()
      recipe.allowsFallingRho = false
    }
    // Without a phase of re-weighting there is nothing to compare.
    recipe.weighting = nil
    try recipe.validate()
  }

  @Test func everyMemberOfTheFileIsNeeded() throws {
    let members = try #require(try Recipe.preset("fixture/ce-drw-sam").json.object)
    for key in members.keys where key != "weighting" {
      var changed = members
      changed[key] = nil
      #expect(throws: DataError.self, "\(key)") {
        try Recipe(JSONCursor(.object(changed), file: "run.json"))
      }
    }
    var changed = members
    changed["network"] = "resnet33-w16"
    #expect(throws: DataError.self) { try Recipe(JSONCursor(.object(changed), file: "run.json")) }
  }

  @Test func aCosineIsStretchedWithTheRun() throws {
    let recipe = try Recipe.preset("cifar100-lt100-first/ce").lasting(10)
    #expect(recipe.epochs == 10 && recipe.schedule == .cosine(base: 0.01, epochs: 10, ahead: 1))
    let steps = try Recipe.preset("cifar100-lt100/ce").lasting(10)
    #expect(steps.epochs == 10 && steps.schedule == .released())
  }
}
