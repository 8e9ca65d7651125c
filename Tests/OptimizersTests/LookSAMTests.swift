import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementNetworks
import EscapementTestSupport
import Testing

@Suite struct LookSAMTests {
  func rule<E: Real>(
    _ type: E.Type = E.self, rho: Double = 0.3, period: Int = 3, alpha: Double = 0.4
  ) throws -> LookSAM<SGD<E>> {
    try LookSAM(base: SGD<E>(), rho: .constant(rho), period: period, alpha: alpha)
  }

  func checkAgainstScalars<E: Real>(_ type: E.Type) throws {
    var w = RuleCase.start(type)
    let spectrum = RuleCase.spectrum(type)
    var parameters = vector(w)
    var oracle = QuadraticOracle(spectrum: spectrum)
    var rule = try rule(type)
    var witness = ScalarSGD<E>(momentum: 0.9, decay: 2e-4)
    var kept: [E] = []
    for step in 0..<8 {
      let asked = oracle.points.count
      let record = try rule.step(&parameters, oracle: &oracle, context: context(step, rate: 0.05))
      let clean = w.indices.map { w[$0] * spectrum[$0] }
      // Norms and dot products are the kernels' contract, tested there.
      let g = vector(clean).flat
      let descent: [E]
      if step % 3 == 0 {
        let point = ascended(w, along: clean, rho: 0.3, constant: 1e-12)
        #expect(Array(oracle.points[asked...]) == [vector(w), vector(point)])
        descent = w.indices.map { point[$0] * spectrum[$0] }
        kept = moved(descent, along: clean, by: -vector(descent).flat.dot(g) / g.dot(g))
        #expect(record.evaluations == 2 && record.rho == 0.3 && record.perturbationNorm > 0)
      } else {
        #expect(Array(oracle.points[asked...]) == [vector(w)])
        descent = moved(clean, along: kept, by: 0.4 * (g.norm() / (vector(kept).flat.norm() + 1e-12)))
        #expect(record.evaluations == 1 && record.rho == 0 && record.perturbationNorm == 0)
      }
      #expect(record.gradientNorm == g.norm() && record.cosine < 1)
      #expect(rule.state[LookSAM<SGD<E>>.directionKey] == vector(kept))
      witness.descend(&w, along: descent, rate: 0.05)
      #expect(parameters == vector(w))
    }
  }

  @Test func equalsTheScalarRuleToTheBit() throws {
    try checkAgainstScalars(Float.self)
    try checkAgainstScalars(Double.self)
  }

  @Test func limitsAreSAMAndSGD() throws {
    try expectEqualRuns(rule(Float.self, period: 1), SAM(base: SGD<Float>(), rho: 0.3))
    try expectEqualRuns(rule(Double.self, period: 1), SAM(base: SGD<Double>(), rho: 0.3))
    // Without a radius the kept direction is zero to the bit.
    try expectEqualRuns(rule(Float.self, rho: 0), SGD<Float>())
  }

  @Test func withoutAlphaTheStepsBetweenAreSGD() throws {
    var oracle = QuadraticOracle(spectrum: RuleCase.spectrum(Float.self))
    var look = try rule(Float.self, alpha: 0)
    var sgd = try SGD<Float>()
    var a = vector(RuleCase.start(Float.self))
    _ = try look.step(&a, oracle: &oracle, context: context(0))
    sgd.state[SGD<Float>.momentumKey] = look.state[SGD<Float>.momentumKey]
    var b = a
    for step in 1..<3 {
      _ = try look.step(&a, oracle: &oracle, context: context(step))
      _ = try sgd.step(&b, oracle: &oracle, context: context(step))
      #expect(a == b)
    }
  }

  @Test func addsTheKeptDirectionAtItsShareOfTheGradient() throws {
    var oracle = ScriptedOracle([
      Evaluation(loss: 7, gradient: vector([2.0, 0]), samples: 4, correct: 3),
      Evaluation(loss: 9, gradient: vector([1.0, 3]), samples: 4, correct: 1),
      Evaluation(loss: 6, gradient: vector([0.0, -8]), samples: 4, correct: 4),
    ])
    var rule = try LookSAM(
      base: SGD<Double>(momentum: 0, weightDecay: 0), rho: .constant(0.5), period: 2, alpha: 0.75)
    var parameters = vector([1.0, 0])
    let first = try rule.step(&parameters, oracle: &oracle, context: context(0, rate: 1))
    #expect(parameters == vector([0.0, -3]) && first.descentLoss == 9)
    // ⟨g̃, g⟩/⟨g, g⟩ = 1/2: v = (0, 3).
    #expect(rule.state[LookSAM<SGD<Double>>.directionKey] == vector([0.0, 3]))
    let second = try rule.step(&parameters, oracle: &oracle, context: context(1, rate: 1))
    #expect(oracle.queries.map(\.statistics) == [.observe, .observe, .observe])
    #expect(oracle.queries[2].point == vector([0.0, -3]))
    // d = (0, -8) + 0.75·8/3·(0, 3) = (0, -2), up to the constant beside ‖v‖ and three roundings of at most 6.
    let bound = 6 * (1e-12 / 3 + 3 * Double.ulpOfOne) + 3 * Double.ulpOfOne
    #expect(abs(parameters.flat.elements[1] - -1) <= bound && parameters.flat.elements[0] == 0)
    #expect(second.loss == 6 && second.descentLoss == 6 && second.correct == 4)
    #expect(abs(second.cosine - 1) <= 4 * Double.ulpOfOne)
  }

  @Test func theStateResumesBetweenTwoAscents() throws {
    var oracle = QuadraticOracle(spectrum: RuleCase.spectrum(Float.self))
    var rule = try rule(Float.self)
    var a = vector(RuleCase.start(Float.self))
    for step in 0..<2 { _ = try rule.step(&a, oracle: &oracle, context: context(step)) }
    #expect(rule.state.keys.sorted() == [LookSAM<SGD<Float>>.directionKey, SGD<Float>.momentumKey])
    var resumed = try self.rule(Float.self)
    resumed.state = rule.state
    var forgetful = try self.rule(Float.self)
    forgetful.state = rule.state.filter { $0.key == SGD<Float>.momentumKey }
    var (b, c) = (a, a)
    let record = try rule.step(&a, oracle: &oracle, context: context(2))
    let again = try resumed.step(&b, oracle: &oracle, context: context(2))
    #expect(a == b && record == again && rule.state == resumed.state && record.evaluations == 1)
    // Without the direction it ascends, rather than step as SGD in silence.
    #expect(try forgetful.step(&c, oracle: &oracle, context: context(2)).evaluations == 2)
  }

  @Test func divergenceChangesNothing() throws {
    // In step 10 a period of 5 asks twice.
    var rule = try rule(Double.self, period: 5)
    try expectDivergenceChangesNothing(rule, queries: ["", "perturbed "])
    rule.state[LookSAM<SGD<Double>>.directionKey] = vector([1.0, 1])
    try expectDivergenceChangesNothing(rule, queries: ["", "perturbed "])
  }

  @Test(arguments: [-1, Double.nan, .infinity])
  func refusesConstantsOutOfRange(_ value: Double) {
    #expect(throws: HyperparameterError.self) { try rule(Float.self, rho: value) }
    #expect(throws: HyperparameterError.self) { try rule(Float.self, alpha: value) }
    #expect(throws: HyperparameterError.self) { try rule(Float.self, period: 0) }
  }
}
