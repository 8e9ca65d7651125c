import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementNetworks
import EscapementTestSupport
import Testing

@Suite struct SGDTests {
  func checkAgainstScalars<E: Real>(_ type: E.Type) throws {
    var w = RuleCase.start(type)
    let spectrum = RuleCase.spectrum(type)
    var parameters = vector(w)
    var oracle = QuadraticOracle(spectrum: spectrum)
    var rule = try SGD<E>(momentum: 0.9, weightDecay: 2e-4)
    var witness = ScalarSGD<E>(momentum: 0.9, decay: 2e-4)
    for step in 0..<6 {
      let rate = step < 3 ? 0.1 : 0.07
      let record = try rule.step(&parameters, oracle: &oracle, context: context(step, rate: rate))
      let gradient = w.indices.map { w[$0] * spectrum[$0] }
      #expect(oracle.points.last == vector(w))
      witness.descend(&w, along: gradient, rate: rate)
      #expect(parameters == vector(w))
      #expect(rule.state["momentum"] == vector(witness.buffer!))
      #expect(record.gradientNorm == vector(gradient).flat.norm())
      #expect(record.learningRate == rate)
      #expect(
        record.evaluations == 1 && record.cosine == 1 && record.rho == 0 && record.perturbationNorm == 0)
    }
    #expect(oracle.points.count == 6)
  }

  @Test func equalsTheScalarRuleToTheBit() throws {
    try checkAgainstScalars(Float.self)
    try checkAgainstScalars(Double.self)
  }

  @Test func asksOnceAndReportsTheAnswer() throws {
    let w = vector([1.0, -2])
    var oracle = ScriptedOracle([
      Evaluation(loss: 7, gradient: vector([3.0, 4]), samples: 4, correct: 3)
    ])
    var rule = try SGD<Double>(momentum: 0, weightDecay: 0)
    var parameters = w
    let record = try rule.step(&parameters, oracle: &oracle, context: context(0, rate: 0.5))
    #expect(oracle.queries == [.init(w, .all, .observe)])
    #expect(parameters == vector([-0.5, -4]))
    #expect(record.loss == 7 && record.descentLoss == 7 && record.gradientNorm == 5)
    #expect(record.samples == 4 && record.correct == 3)
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func nonFiniteAnswersChangeNothing(_ bad: Double) throws {
    let w = vector([1.0, 2])
    var parameters = w
    var rule = try SGD<Double>()
    var oracle = ScriptedOracle([
      Evaluation(loss: bad, gradient: vector([1.0, 1]), samples: 1),
      Evaluation(loss: 1, gradient: vector([1, bad]), samples: 1),
    ])
    #expect(throws: Divergence(step: 5, what: "loss")) {
      try rule.step(&parameters, oracle: &oracle, context: context(5))
    }
    #expect(throws: Divergence(step: 6, what: "gradient", tensor: "w")) {
      try rule.step(&parameters, oracle: &oracle, context: context(6))
    }
    #expect(parameters == w)
    #expect(rule.state.isEmpty)
  }

  @Test func refusesHyperparametersOutOfRange() {
    for momentum in [-0.1, 1, .nan, .infinity] {
      #expect(throws: HyperparameterError.self) { try SGD<Float>(momentum: momentum) }
    }
    for decay in [-1e-9, .nan, .infinity] {
      #expect(throws: HyperparameterError.self) { try SGD<Float>(weightDecay: decay) }
    }
  }
}
