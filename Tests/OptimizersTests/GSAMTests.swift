import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementNetworks
import EscapementTestSupport
import Testing

@Suite struct GSAMTests {
  func rule<E: Real>(_ type: E.Type = E.self, rho: Double, alpha: Double) throws -> GSAM<SGD<E>> {
    try GSAM(base: SGD<E>(), radius: .schedule(.constant(rho)), alpha: alpha)
  }

  func checkAgainstScalars<E: Real>(_ type: E.Type) throws {
    var w = RuleCase.start(type)
    let spectrum = RuleCase.spectrum(type)
    var parameters = vector(w)
    var oracle = QuadraticOracle(spectrum: spectrum)
    var rule = try rule(type, rho: 0.3, alpha: 0.4)
    var witness = ScalarSGD<E>(momentum: 0.9, decay: 2e-4)
    for step in 0..<5 {
      let record = try rule.step(&parameters, oracle: &oracle, context: context(step, rate: 0.05))
      let clean = w.indices.map { w[$0] * spectrum[$0] }
      let point = ascended(w, along: clean, rho: 0.3, constant: 1e-12)
      #expect(oracle.points.suffix(2) == [vector(w), vector(point)])
      let sharp = w.indices.map { point[$0] * spectrum[$0] }
      // Dot products are the kernels' contract, tested there.
      let (g, s) = (vector(clean).flat, vector(sharp).flat)
      let across = moved(clean, along: sharp, by: -g.dot(s) / s.dot(s))
      witness.descend(&w, along: moved(sharp, along: across, by: -0.4), rate: 0.05)
      #expect(parameters == vector(w))
      #expect(record.evaluations == 2 && record.rho == 0.3 && record.perturbationNorm > 0)
    }
  }

  @Test func equalsTheScalarRuleToTheBit() throws {
    try checkAgainstScalars(Float.self)
    try checkAgainstScalars(Double.self)
  }

  @Test func withoutAlphaItIsSAMAndWithoutRadiusSGD() throws {
    try expectEqualRuns(rule(Float.self, rho: 0.3, alpha: 0), SAM(base: SGD<Float>(), rho: 0.3))
    try expectEqualRuns(rule(Double.self, rho: 0.3, alpha: 0), SAM(base: SGD<Double>(), rho: 0.3))
    try expectEqualRuns(rule(Float.self, rho: 0, alpha: 0.4), SGD<Float>())
  }

  @Test func takesOffThePartAcrossThePerturbedGradient() throws {
    let w = vector([1.0, -2])
    var oracle = ScriptedOracle([
      Evaluation(loss: 7, gradient: vector([3.0, 4]), samples: 4, correct: 3),
      Evaluation(loss: 9, gradient: vector([2.0, 0]), samples: 4, correct: 1),
    ])
    var rule = try GSAM(
      base: SGD<Double>(momentum: 0, weightDecay: 0.5), radius: .schedule(.constant(0.5)), alpha: 0.5)
    var parameters = w
    let record = try rule.step(&parameters, oracle: &oracle, context: context(0, rate: 0.5))
    #expect(oracle.queries.map(\.part) == [.all, .all])
    #expect(oracle.queries.map(\.statistics) == [.observe, .freeze])
    #expect(oracle.queries[0].point == w)
    // ε = 0.5·(3, 4)/5 up to the constant 1e-12 in the norm and three roundings.
    for (entry, expected) in zip(oracle.queries[1].point.flat.elements, [1.3, -1.6]) {
      let bound = 0.4 * 1e-12 / 5 + 4 * Double.ulpOfOne
      #expect(abs(entry - expected) <= bound)
    }
    // ⟨g, g̃⟩/⟨g̃, g̃⟩ = 3/2, r = (0, 4), g̃ − r/2 = (2, -2); with w/2 added (2.5, -3).
    #expect(parameters == vector([-0.25, -0.5]))
    #expect(record.loss == 7 && record.descentLoss == 9 && record.samples == 4 && record.correct == 3)
    // g·d = 6 − 8 of 5·√8.
    #expect(abs(record.cosine + 2 / (5 * 8.0.squareRoot())) <= 4 * Double.ulpOfOne)
  }

  @Test func aPerturbedGradientOfZeroLeavesTheWholeCleanOneAcross() throws {
    var oracle = ScriptedOracle([
      Evaluation(loss: 1, gradient: vector([2.0, 4]), samples: 1),
      Evaluation(loss: 1, gradient: vector([0.0, 0]), samples: 1),
    ])
    var rule = try GSAM(
      base: SGD<Double>(momentum: 0, weightDecay: 0), radius: .schedule(.constant(0.5)), alpha: 0.5)
    var parameters = vector([1.0, 1])
    _ = try rule.step(&parameters, oracle: &oracle, context: context(0, rate: 0.5))
    #expect(parameters == vector([1.5, 2]))
  }

  @Test func theRadiusFollowsTheLearningRate() throws {
    func radius(_ rate: Double, lowest: Double = 0.25, highest: Double = 1.25) throws -> Double {
      var rule = try GSAM(
        base: SGD<Double>(),
        radius: .withLearningRate(
          smallest: 0.125, largest: 0.625, lowestRate: lowest, highestRate: highest), alpha: 0.1)
      var parameters = vector([3.0, 4])
      var oracle = QuadraticOracle(spectrum: [1.0, 1])
      return try rule.step(&parameters, oracle: &oracle, context: context(0, rate: rate)).rho
    }
    // Binary fractions: the line's values are exact.
    #expect(try radius(1.25) == 0.625 && radius(0.25) == 0.125 && radius(0.75) == 0.375)
    #expect(try radius(0) == 0)
    #expect(try radius(0.5, lowest: 0.25, highest: 0.25) == 0.625)
  }

  @Test func divergenceChangesNothing() throws {
    try expectDivergenceChangesNothing(
      rule(Double.self, rho: 0.1, alpha: 0.1), queries: ["", "perturbed "])
  }

  @Test(arguments: [-1, Double.nan, .infinity])
  func refusesConstantsOutOfRange(_ value: Double) {
    #expect(throws: HyperparameterError.self) { try rule(Float.self, rho: value, alpha: 0.1) }
    #expect(throws: HyperparameterError.self) { try rule(Float.self, rho: 0.1, alpha: value) }
    for place in 0..<4 {
      var values = [0.1, 0.2, 0.3, 0.4]
      values[place] = value
      #expect(throws: HyperparameterError.self) {
        try GSAM(
          base: SGD<Float>(),
          radius: .withLearningRate(
            smallest: values[0], largest: values[1], lowestRate: values[2], highestRate: values[3]),
          alpha: 0.1)
      }
    }
    #expect(throws: HyperparameterError.self) {
      try GSAM(
        base: SGD<Float>(),
        radius: .withLearningRate(smallest: 0.1, largest: 0.2, lowestRate: 0.2, highestRate: 0.1), alpha: 0.1)
    }
  }
}
