import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementNetworks
import EscapementTestSupport
import Testing

@Suite struct FriendlySAMTests {
  func rule<E: Real>(
    _ type: E.Type = E.self, rho: Double = 0.3, sigma: Double = 0.75, decay: Double = 0.6
  ) throws -> FriendlySAM<SGD<E>> {
    try FriendlySAM(base: SGD<E>(), rho: .constant(rho), sigma: sigma, decay: decay)
  }

  func checkAgainstScalars<E: Real>(_ type: E.Type) throws {
    var w = RuleCase.start(type)
    let spectrum = RuleCase.spectrum(type)
    var parameters = vector(w)
    var oracle = QuadraticOracle(spectrum: spectrum)
    var rule = try rule(type)
    var witness = ScalarSGD<E>(momentum: 0.9, decay: 2e-4)
    var mean: [E]?
    for step in 0..<5 {
      let record = try rule.step(&parameters, oracle: &oracle, context: context(step, rate: 0.05))
      let clean = w.indices.map { w[$0] * spectrum[$0] }
      let own = mean.map { moved(clean, along: $0, by: -0.75) } ?? clean
      let point = ascended(w, along: own, rho: 0.3, constant: 1e-12)
      #expect(oracle.points.suffix(2) == [vector(w), vector(point)])
      mean =
        mean.map { mean in
          let kept = mean.map { (entry: E) -> E in E(rounding: 0.6) * entry }
          return moved(kept, along: clean, by: 1 - 0.6)
        } ?? clean
      #expect(rule.state[FriendlySAM<SGD<E>>.meanKey] == vector(mean!))
      witness.descend(&w, along: w.indices.map { point[$0] * spectrum[$0] }, rate: 0.05)
      #expect(parameters == vector(w))
      #expect(record.evaluations == 2 && record.rho == 0.3 && record.perturbationNorm > 0)
    }
  }

  @Test func equalsTheScalarRuleToTheBit() throws {
    try checkAgainstScalars(Float.self)
    try checkAgainstScalars(Double.self)
  }

  @Test func limitsAreSAMAndSGD() throws {
    try expectEqualRuns(rule(Float.self, sigma: 0), SAM(base: SGD<Float>(), rho: 0.3))
    try expectEqualRuns(rule(Double.self, sigma: 0), SAM(base: SGD<Double>(), rho: 0.3))
    try expectEqualRuns(rule(Float.self, rho: 0), SGD<Float>())
    // The first ascent is SAM's whatever σ.
    try expectEqualRuns(rule(Double.self), SAM(base: SGD<Double>(), rho: 0.3), steps: 1)
  }

  @Test func aGradientThatNeverChangesIsNotAscended() throws {
    let same = Evaluation(loss: 7, gradient: vector([3.0, 4]), samples: 4, correct: 3)
    var oracle = ScriptedOracle(Array(repeating: same, count: 4))
    var rule = try FriendlySAM(
      base: SGD<Double>(momentum: 0, weightDecay: 0), rho: .constant(0.5), decay: 0.5)
    var parameters = vector([1.0, -2])
    let first = try rule.step(&parameters, oracle: &oracle, context: context(0, rate: 0.5))
    #expect(first.perturbationNorm > 0 && oracle.queries[1].point != oracle.queries[0].point)
    let between = parameters
    let second = try rule.step(&parameters, oracle: &oracle, context: context(1, rate: 0.5))
    #expect(oracle.queries[3].point == between && second.perturbationNorm == 0 && second.rho == 0.5)
    #expect(oracle.queries.map(\.part) == [.all, .all, .all, .all])
    #expect(oracle.queries.map(\.statistics) == [.observe, .freeze, .observe, .freeze])
    #expect(rule.state[FriendlySAM<SGD<Double>>.meanKey] == vector([3.0, 4]))
    #expect(second.gradientNorm == 5 && second.samples == 4 && second.correct == 3)
  }

  @Test func theStateResumes() throws {
    var oracle = QuadraticOracle(spectrum: RuleCase.spectrum(Float.self))
    var rule = try rule(Float.self)
    var a = vector(RuleCase.start(Float.self))
    for step in 0..<2 { _ = try rule.step(&a, oracle: &oracle, context: context(step)) }
    #expect(rule.state.keys.sorted() == [FriendlySAM<SGD<Float>>.meanKey, SGD<Float>.momentumKey])
    var resumed = try self.rule(Float.self)
    resumed.state = rule.state
    var b = a
    let record = try rule.step(&a, oracle: &oracle, context: context(2))
    let again = try resumed.step(&b, oracle: &oracle, context: context(2))
    #expect(a == b && record == again && rule.state == resumed.state)
  }

  @Test func divergenceChangesNothing() throws {
    var rule = try rule(Double.self)
    try expectDivergenceChangesNothing(rule, queries: ["", "perturbed "])
    rule.state[FriendlySAM<SGD<Double>>.meanKey] = vector([1.0, 1])
    try expectDivergenceChangesNothing(rule, queries: ["", "perturbed "])
  }

  @Test(arguments: [-1, Double.nan, .infinity])
  func refusesConstantsOutOfRange(_ value: Double) {
    #expect(throws: HyperparameterError.self) { try rule(Float.self, rho: value) }
    #expect(throws: HyperparameterError.self) { try rule(Float.self, sigma: value) }
    #expect(throws: HyperparameterError.self) { try rule(Float.self, decay: value) }
    #expect(throws: HyperparameterError.self) { try rule(Float.self, decay: 1) }
  }
}
