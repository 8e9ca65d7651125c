import EscapementArtifacts
import EscapementCalculus
import EscapementKernels
import EscapementOptimizers
import EscapementTestSupport
import Foundation
import Testing

@testable import EscapementTraining

/// A rule that the package does not have trains as one that it has.
@Suite struct CustomRuleTests {
  /// Rules that ask the oracle for parts, shares and shards, each with the settings it needs.
  static let rules: [OptimizerChoice] = [
    .sgd, .sam(rho: .constant(0.1), variant: .released),
    .imbSAM(rho: .constant(0.05), eta: 20, normalization: .groupMeans),
    .sseSAM(rhoHead: .constant(0.05), rhoTail: .constant(0.1), stageFraction: 0.5, eta: 20),
    .lpfSGD(radius: 0.01, shards: 4, holding: .nominal),
    .focalSAM(rho: .constant(0.1), gamma: 3, scale: 0.5),
  ]

  /// The same run with its rule handed over from outside, and that rule.
  private static func outside(_ tiny: TinyRun) throws -> (run: TinyRun, rule: any UpdateRule<Float>) {
    var other = tiny
    other.recipe.optimizer = .custom(
      name: "mine", parameters: ["strength": 0.5], oracle: tiny.recipe.optimizer.oracle)
    return (other, try tiny.recipe.makeRule(Float.self))
  }

  @Test(arguments: rules)
  func hasTheBitsOfTheBuiltInRule(_ optimizer: OptimizerChoice) throws {
    let tiny = TinyRun(optimizer: optimizer, epochs: 2)
    let (own, rule) = try Self.outside(tiny)
    try inDirectory { folder in
      let expected = try tiny.trainer.run(in: RunDirectory(folder.appendingPathComponent("a")))
      let found = try own.trainer(rule: rule).run(in: RunDirectory(folder.appendingPathComponent("b")))
      #expect(found == expected)
    }
  }

  /// A run that is interrupted in an epoch and resumed leaves the files of one that is not.
  @Test func isResumed() throws {
    let (own, rule) = try Self.outside(
      TinyRun(optimizer: .sam(rho: .constant(0.1), variant: .released)))
    try inDirectory { folder in
      let whole = RunDirectory(folder.appendingPathComponent("whole"))
      try own.trainer(rule: rule).run(in: whole)
      let parted = RunDirectory(folder.appendingPathComponent("parted"))
      var steps = 0
      #expect(throws: Interrupted.self) {
        try own.trainer(rule: rule).run(
          in: parted,
          isCancelled: {
            steps += 1
            return steps == 7
          })
      }
      try own.trainer(rule: rule).run(in: parted, resume: true)
      let (expected, found) = (try contents(of: whole), try contents(of: parted))
      #expect(found.keys.sorted() == expected.keys.sorted())
      for (name, data) in expected { #expect(found[name] == data, "\(name)") }
    }
  }

  @Test func isOnRecord() throws {
    let (own, rule) = try Self.outside(
      TinyRun(optimizer: .lpfSGD(radius: 0.01, shards: 4, holding: .even), epochs: 1))
    try inDirectory { folder in
      let run = RunDirectory(folder.appendingPathComponent("run"))
      try own.trainer(rule: rule).run(in: run)
      let record = try run.readRecord().document
      let optimizer = try record.field("recipe").field("optimizer")
      #expect(try optimizer.field("name").string() == "custom" && optimizer.field("rule").string() == "mine")
      #expect(try optimizer.field("parameters").value == ["strength": 0.5])
      #expect(try optimizer.field("oracle").field("shards").value == ["count": 4, "size": "even"])
      #expect(try record.field("method").string() == "ce-drw-mine")
      #expect(try run.recipe() == own.recipe)
    }
  }

  /// Rule and recipe belong together, and no rule takes the name of a built-in one.
  @Test func refusals() throws {
    let (own, rule) = try Self.outside(TinyRun())
    try inDirectory { folder in
      let run = RunDirectory(folder.appendingPathComponent("run"))
      let missing = try #require(throws: HyperparameterError.self) { try own.trainer.run(in: run) }
      #expect(missing.value == "mine" && "\(missing)".contains("only the program that has it"))
      #expect(throws: HyperparameterError.self) { try TinyRun().trainer(rule: rule).run(in: run) }
      #expect(!FileManager.default.fileExists(atPath: run.url.path))
    }
    for name in ["", "sam", "a b", "ä"] {
      var wrong = own.recipe
      wrong.optimizer = .custom(name: name)
      #expect(throws: HyperparameterError.self, "\(name)") { try wrong.validate() }
    }
    for oracle in [
      OracleSettings(eta: 0), OracleSettings(sharpness: .init(gamma: -1, scale: 0.5)),
      OracleSettings(sharpness: .init(gamma: 1, scale: 2)),
      OracleSettings(shards: .init(count: 0, size: .even)),
      OracleSettings(eta: 3, sharpness: .init(gamma: 1, scale: 0.5)),
      OracleSettings(shards: .init(count: 5, size: .nominal)),
    ] {
      var wrong = own.recipe
      wrong.optimizer = .custom(name: "mine", oracle: oracle)
      #expect(throws: HyperparameterError.self, "\(oracle)") { try wrong.validate() }
    }
  }
}
