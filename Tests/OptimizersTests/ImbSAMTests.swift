import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementNetworks
import EscapementTestSupport
import Testing

@Suite struct ImbSAMTests {
  func checkAgainstScalars<E: Real>(_ type: E.Type) throws {
    var w = RuleCase.start(type)
    let (head, tail) = (RuleCase.spectrum(type), RuleCase.tailSpectrum(type))
    var parameters = vector(w)
    var oracle = PartedQuadraticOracle<E>([.head: head, .tail: tail])
    var rule = try ImbSAM(base: SGD<E>(momentum: 0.9, weightDecay: 2e-4), rho: 0.3)
    var witness = ScalarSGD<E>(momentum: 0.9, decay: 2e-4)
    for step in 0..<5 {
      let record = try rule.step(&parameters, oracle: &oracle, context: context(step, rate: 0.05))
      let headGradient = w.indices.map { w[$0] * head[$0] }
      let point = ascended(w, along: w.indices.map { w[$0] * tail[$0] }, rho: 0.3)
      #expect(
        oracle.queries.suffix(3) == [
          .init(vector(w), .head, .observe), .init(vector(w), .tail, .freeze),
          .init(vector(point), .tail, .observe),
        ])
      let descent = w.indices.map { i -> E in
        let tailGradient: E = point[i] * tail[i]
        return tailGradient + headGradient[i]
      }
      witness.descend(&w, along: descent, rate: 0.05)
      #expect(parameters == vector(w))
      #expect(record.evaluations == 3 && record.rho == 0.3 && record.samples == 4 && record.correct == 2)
    }
  }

  @Test func equalsTheScalarRuleToTheBit() throws {
    try checkAgainstScalars(Float.self)
    try checkAgainstScalars(Double.self)
  }

  @Test func asksForHeadAndTailAndReportsTheirSum() throws {
    let w = vector([1.0, -2])
    var oracle = ScriptedOracle([
      Evaluation(loss: 2, gradient: vector([1.0, 0]), samples: 3, correct: 2),
      Evaluation(loss: 3, gradient: vector([3.0, 4]), samples: 1, correct: 0),
      Evaluation(loss: 5, gradient: vector([-1.0, 4]), samples: 1, correct: 0),
    ])
    var rule = try ImbSAM(base: SGD<Double>(momentum: 0, weightDecay: 0.5), rho: 0.5)
    var parameters = w
    let record = try rule.step(&parameters, oracle: &oracle, context: context(0, rate: 0.5))
    #expect(oracle.queries.map(\.part) == [.head, .tail, .tail])
    #expect(oracle.queries.map(\.statistics) == [.observe, .freeze, .observe])
    #expect(oracle.queries[0].point == w && oracle.queries[1].point == w)
    // ε = 0.5·(3, 4)/5 up to the constant 1e-16 in the norm and three roundings; the head takes no part.
    for (entry, expected) in zip(oracle.queries[2].point.flat.elements, [1.3, -1.6]) {
      #expect(abs(entry - expected) <= 4 * Double.ulpOfOne)
    }
    // From w = (1, -2) itself: d = (-1, 4) + (1, 0) + w/2 = (0.5, 3).
    #expect(parameters == vector([0.75, -3.5]))
    #expect(record.loss == 5 && record.descentLoss == 7 && record.samples == 4 && record.correct == 2)
    // g = (4, 4) and g̃ = (0, 4).
    #expect(abs(record.gradientNorm - 32.0.squareRoot()) <= 4 * Double.ulpOfOne * 6)
    #expect(abs(record.cosine - 0.5.squareRoot()) <= 4 * Double.ulpOfOne)
    #expect(abs(record.perturbationNorm - 0.5) <= 4 * Double.ulpOfOne)
  }

  @Test func aBatchWithoutTailIsSGDOnTheHead() throws {
    let start = vector(RuleCase.start(Double.self))
    let head = RuleCase.spectrum(Double.self)
    let none = Evaluation(loss: 0, gradient: ParameterVector<Double>(zeros: start.layout), samples: 0)
    var sgd = try SGD<Double>()
    var rule = try ImbSAM(base: SGD<Double>(), rho: 0.5)
    var a = start
    var b = start
    let gradient = ParameterVector(layout: start.layout, flat: start.flat.zip(.multiply, Tensor(head)))
    let answer = Evaluation(loss: 1, gradient: gradient, samples: 4)
    var whole = ScriptedOracle([answer])
    var parts = ScriptedOracle([answer, none, none])
    _ = try sgd.step(&a, oracle: &whole, context: context(0))
    let record = try rule.step(&b, oracle: &parts, context: context(0))
    // 0 + g turns an entry of -0 into +0, which the decay's own sum does as well.
    #expect(a.flat.elements == b.flat.elements)
    #expect(parts.queries[2].point == start && record.perturbationNorm == 0)
    #expect(abs(record.cosine - 1) <= 8 * Double.ulpOfOne && record.samples == 4 && record.correct == nil)
  }

  @Test func divergenceNamesThePartAndChangesNothing() throws {
    let w = vector([1.0, 2])
    let fine = Evaluation(loss: 1, gradient: vector([1.0, 1]), samples: 1)
    let bad = Evaluation(loss: .nan, gradient: vector([1.0, 1]), samples: 1)
    var rule = try ImbSAM(base: SGD<Double>(), rho: 0.1)
    var parameters = w
    for (count, what) in ["head loss", "tail loss", "perturbed tail loss"].enumerated() {
      var oracle = ScriptedOracle(Array(repeating: fine, count: count) + [bad])
      #expect(throws: Divergence(step: 3, what: what)) {
        try rule.step(&parameters, oracle: &oracle, context: context(3))
      }
    }
    #expect(parameters == w && rule.state.isEmpty)
  }

  @Test(arguments: [-1, Double.nan, .infinity])
  func refusesARadiusOutOfRange(_ rho: Double) {
    #expect(throws: HyperparameterError.self) { try ImbSAM(base: SGD<Float>(), rho: rho) }
  }
}
