import Testing
import EscapementTraining

/// What a rule says that it asks for is what its steps ask for.
@Suite struct EvaluationCountTests {
  @Test(arguments: OptimizerChoice.byName.map(\.name))
  func everyRule(_ name: String) throws {
    let optimizer = try #require(OptimizerChoice.byName.first { $0.name == name }?.optimizer)
    var loop = try TinyRun(optimizer: optimizer, epochs: 2).loop()
    for epoch in 0..<2 {
      while !loop.isEpochComplete { _ = try loop.step() }
      let steps = loop.stepsPerEpoch
      #expect(steps == 5)
      #expect(
        loop.endEpoch().evaluations == optimizer.evaluations(steps: steps, after: epoch * steps), "\(name)")
    }
  }
}
