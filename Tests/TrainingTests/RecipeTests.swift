import Artifacts
import Foundation
import Testing
import Training

@Suite struct RecipeTests {
  @Test func presetsAreThePublishedProtocol() throws {
    let recipe = try Recipe.preset("cifar10-lt100/ce-drw-sam")
    #expect(recipe.depth == 32 && recipe.width == 16 && recipe.epochs == 200 && recipe.batchSize == 128)
    #expect(recipe.momentum == 0.9 && recipe.weightDecay == 2e-4 && recipe.drwEpoch == 160)
    #expect(recipe.schedule == .released() && recipe.schedule.base == 0.1)
    #expect(recipe.optimizer == .sam(rho: 0.5, variant: .released))
    #expect(try Recipe.preset("cifar10-lt100/ce-sam").optimizer == .sam(rho: 0.1, variant: .released))
    #expect(try Recipe.preset("cifar10-lt100/ce-sam").drwEpoch == nil)
    #expect(try Recipe.preset("cifar10-lt100/ce-drw").optimizer == .sgd)
    #expect(try Recipe.preset("cifar10-lt100/ce").drwEpoch == nil)
  }

  @Test func everyPresetValidatesAndRoundTrips() throws {
    #expect(Recipe.presetNames.count == 12)
    for name in Recipe.presetNames {
      var recipe = try Recipe.preset(name)
      #expect(recipe.preset == name)
      try recipe.validate()
      recipe.seed = .max
      let text = Data(recipe.json.canonical(pretty: true).utf8)
      let back = try Recipe(JSONCursor(JSON(parsing: text, file: "run.json"), file: "run.json"))
      #expect(back == recipe)
    }
  }

  @Test func unknownPresetsGetTheList() throws {
    let error = try #require(throws: HyperparameterError.self) { try Recipe.preset("cifar10/none") }
    #expect(error.exitCode == 64)
    for name in Recipe.presetNames { #expect(error.description.contains(name)) }
    #expect(!error.description.contains("\n"))
  }

  @Test func valuesOutOfRangeAreRefused() throws {
    let changes: [(String, (inout Recipe) -> Void)] = [
      ("rho -1", { $0.optimizer = .sam(rho: -1, variant: .released) }),
      ("rho NaN", { $0.optimizer = .sam(rho: .nan, variant: .released) }),
      ("epochs", { $0.epochs = 0 }), ("batch", { $0.batchSize = 0 }), ("depth", { $0.depth = 9 }),
      ("depth", { $0.depth = 2 }), ("width", { $0.width = 0 }), ("momentum", { $0.momentum = 1 }),
      ("decay", { $0.weightDecay = -.infinity }), ("DRW", { $0.drwEpoch = -1 }),
      ("rate", { $0.schedule = .released(base: -0.1) }), ("rate", { $0.schedule = .released(base: .nan) }),
    ]
    for (name, change) in changes {
      var recipe = try Recipe.preset("fixture/ce-drw-sam")
      change(&recipe)
      #expect(throws: HyperparameterError.self, "\(name)") { try recipe.validate() }
    }
  }

  @Test func everyMemberOfTheFileIsNeeded() throws {
    let members = try #require(try Recipe.preset("fixture/ce-drw-sam").json.object)
    for key in members.keys where key != "drw_epoch" {
      var changed = members
      changed[key] = nil
      #expect(throws: DataError.self, "\(key)") {
        try Recipe(JSONCursor(.object(changed), file: "run.json"))
      }
    }
  }
}
