import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementNetworks
import EscapementTestSupport
import Testing

@Suite struct SSESAMTests {
  func checkAgainstScalars<E: Real>(_ type: E.Type) throws {
    var w = RuleCase.start(type)
    let (head, tail) = (RuleCase.spectrum(type), RuleCase.tailSpectrum(type))
    var parameters = vector(w)
    var oracle = PartedQuadraticOracle<E>([.head: head, .tail: tail])
    var rule = try SSESAM(
      base: SGD<E>(momentum: 0.9, weightDecay: 2e-4), rhoHead: 0.2, rhoTail: 0.3, stageFraction: 0.5,
      epochs: 6)
    var witness = ScalarSGD<E>(momentum: 0.9, decay: 2e-4)
    // One step an epoch: three of the first stage, three of the second.
    for step in 0..<6 {
      let record = try rule.step(
        &parameters, oracle: &oracle, context: context(step, epoch: step, rate: 0.05))
      let atHead = step < 3 ? ascended(w, along: w.indices.map { w[$0] * head[$0] }, rho: 0.2) : w
      let atTail = ascended(w, along: w.indices.map { w[$0] * tail[$0] }, rho: 0.3)
      #expect(
        oracle.queries.suffix(4) == [
          .init(vector(w), .head, .observe), .init(vector(atHead), .head, .observe),
          .init(vector(w), .tail, .observe), .init(vector(atTail), .tail, .observe),
        ])
      let descent = w.indices.map { i -> E in
        let headGradient: E = atHead[i] * head[i]
        let tailGradient: E = atTail[i] * tail[i]
        return headGradient + tailGradient
      }
      witness.descend(&w, along: descent, rate: 0.05)
      #expect(parameters == vector(w), "step \(step)")
      #expect(record.evaluations == 4 && record.rho == 0.3 && record.samples == 4 && record.correct == 2)
    }
  }

  @Test func equalsTheScalarRuleToTheBitInBothStages() throws {
    try checkAgainstScalars(Float.self)
    try checkAgainstScalars(Double.self)
  }

  @Test func theHeadIsPerturbedBeforeGammaTOnly() throws {
    func lastOfFirstStage(_ fraction: Double, _ epochs: Int) throws -> Int {
      let rule = try SSESAM(base: SGD<Float>(), rhoHead: 0.05, stageFraction: fraction, epochs: epochs)
      let radii = (0..<epochs).map { rule.headRadius(epoch: $0) }
      #expect(radii == radii.sorted(by: >) && Set(radii).isSubset(of: [0, 0.05]))
      return radii.lastIndex(of: 0.05) ?? -1
    }
    // README's command: epochs 0…139 of 200.
    #expect(try lastOfFirstStage(0.7, 200) == 139)
    #expect(try lastOfFirstStage(0.5, 200) == 99)
    // γT = 3.5 lies between epochs.
    #expect(try lastOfFirstStage(0.5, 7) == 3)
    // Epoch 0 is always before γT > 0.
    #expect(try lastOfFirstStage(1e-9, 200) == 0)
    #expect(try lastOfFirstStage(0.999, 200) == 199)
  }

  @Test func reportsSumsOfHeadAndTailAndTheTailsRadius() throws {
    let w = vector([1.0, -2])
    var oracle = ScriptedOracle([
      Evaluation(loss: 2, gradient: vector([0.0, 2]), samples: 3, correct: 2),
      Evaluation(loss: 7, gradient: vector([1.0, 0]), samples: 3, correct: 1),
      Evaluation(loss: 3, gradient: vector([3.0, 4]), samples: 1, correct: 1),
      Evaluation(loss: 5, gradient: vector([-1.0, 4]), samples: 1, correct: 0),
    ])
    var rule = try SSESAM(
      base: SGD<Double>(momentum: 0, weightDecay: 0.5), rhoHead: 0.25, rhoTail: 0.5, epochs: 10)
    var parameters = w
    let record = try rule.step(&parameters, oracle: &oracle, context: context(0, rate: 0.5))
    // ε_H = (0, 0.25) and ε_T = 0.5·(3, 4)/5, each up to the constant 1e-16 in the norm and three roundings.
    for (query, expected) in [(1, [1, -1.75]), (3, [1.3, -1.6])] {
      for (entry, value) in zip(oracle.queries[query].point.flat.elements, expected) {
        #expect(abs(entry - value) <= 4 * Double.ulpOfOne)
      }
    }
    // From w = (1, -2) itself: d = (1, 0) + (-1, 4) + w/2 = (0.5, 3).
    #expect(parameters == vector([0.75, -3.5]))
    #expect(record.loss == 5 && record.descentLoss == 12 && record.samples == 4 && record.correct == 3)
    #expect(record.rho == 0.5 && abs(record.perturbationNorm - 0.5) <= 4 * Double.ulpOfOne)
    #expect(abs(record.gradientNorm - 45.0.squareRoot()) <= 4 * Double.ulpOfOne * 7)
  }

  @Test func theSecondStageIsImbSAM() throws {
    var imbSAM = try ImbSAM(base: SGD<Double>(), rho: 0.1)
    var rule = try SSESAM(base: SGD<Double>(), rhoHead: 0.05, rhoTail: 0.1, epochs: 10)
    var a = vector(RuleCase.start(Double.self))
    var b = a
    var oracle = PartedQuadraticOracle<Double>([
      .head: RuleCase.spectrum(Double.self), .tail: RuleCase.tailSpectrum(Double.self),
    ])
    for step in 0..<3 {
      let first = try imbSAM.step(&a, oracle: &oracle, context: context(step, epoch: 7))
      let second = try rule.step(&b, oracle: &oracle, context: context(step, epoch: 7))
      #expect(a == b && first.loss == second.loss && first.descentLoss == second.descentLoss)
    }
    _ = try imbSAM.step(&a, oracle: &oracle, context: context(3, epoch: 6))
    _ = try rule.step(&b, oracle: &oracle, context: context(3, epoch: 6))
    #expect(a != b)
  }

  @Test func divergenceNamesThePartAndChangesNothing() throws {
    let w = vector([1.0, 2])
    let fine = Evaluation(loss: 1, gradient: vector([1.0, 1]), samples: 1)
    let bad = Evaluation(loss: 1, gradient: vector([1.0, .infinity]), samples: 1)
    var rule = try SSESAM(base: SGD<Double>(), epochs: 10)
    var parameters = w
    let names = ["head gradient", "perturbed head gradient", "tail gradient", "perturbed tail gradient"]
    for (count, what) in names.enumerated() {
      var oracle = ScriptedOracle(Array(repeating: fine, count: count) + [bad])
      #expect(throws: Divergence(step: 3, what: what, tensor: what.hasSuffix("gradient") ? "w" : nil)) {
        try rule.step(&parameters, oracle: &oracle, context: context(3))
      }
    }
    #expect(parameters == w && rule.state.isEmpty)
  }

  @Test func refusesValuesOutOfRange() {
    for value in [-1, Double.nan, .infinity] {
      #expect(throws: HyperparameterError.self) {
        try SSESAM(base: SGD<Float>(), rhoHead: value, epochs: 2)
      }
      #expect(throws: HyperparameterError.self) {
        try SSESAM(base: SGD<Float>(), rhoTail: value, epochs: 2)
      }
    }
    for fraction in [0, 1, -0.5, Double.nan] {
      #expect(throws: HyperparameterError.self) {
        try SSESAM(base: SGD<Float>(), stageFraction: fraction, epochs: 2)
      }
    }
    #expect(throws: HyperparameterError.self) { try SSESAM(base: SGD<Float>(), epochs: 0) }
  }
}
