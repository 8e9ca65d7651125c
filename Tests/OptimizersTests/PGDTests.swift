import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementNetworks
import EscapementRandomness
import EscapementTestSupport
import Testing

@Suite struct PGDTests {
  /// The noise of a step, drawn one number at a time.
  func noise<E: Real>(_ type: E.Type, seed: UInt64, step: Int, count: Int) -> [E] {
    var stream = RandomStream(seed: seed, purpose: .perturbation, index: UInt64(step))
    return (0..<count).map { _ in E(rounding: stream.normal()) }
  }

  func checkAgainstScalars<E: Real>(_ type: E.Type, variant: PGD<SGD<E>>.Variant) throws {
    var w = RuleCase.start(type)
    let spectrum = RuleCase.spectrum(type)
    let sigma = E(rounding: 0.01)
    var parameters = vector(w)
    var oracle = QuadraticOracle(spectrum: spectrum)
    var rule = try PGD(
      base: SGD<E>(momentum: 0.9, weightDecay: 2e-4), sigma: 0.01, variant: variant, seed: 5)
    var witness = ScalarSGD<E>(momentum: 0.9, decay: 2e-4)
    for step in 0..<5 {
      let record = try rule.step(&parameters, oracle: &oracle, context: context(step, rate: 0.05))
      #expect(oracle.points.last == vector(w))
      let xi = noise(type, seed: 5, step: step, count: w.count)
      func noisy(_ values: [E]) -> [E] {
        values.indices.map { i -> E in
          let move: E = sigma * xi[i]
          return values[i] + move
        }
      }
      let gradient = w.indices.map { w[$0] * spectrum[$0] }
      switch variant {
      case .weights:
        witness.descend(&w, along: gradient, rate: 0.05)
        w = noisy(w)
      case .gradient: witness.descend(&w, along: noisy(gradient), rate: 0.05)
      }
      #expect(parameters == vector(w))
      #expect(record.evaluations == 1 && record.rho == 0)
      #expect(record.perturbationNorm == 0.01 * vector(xi).flat.norm())
      #expect(variant == .weights ? record.cosine == 1 : record.cosine < 1 && record.cosine > 0.99)
    }
    #expect(oracle.points.count == 5)
  }

  @Test func equalsTheScalarRuleToTheBit() throws {
    for variant in PGD<SGD<Float>>.Variant.allCases { try checkAgainstScalars(Float.self, variant: variant) }
    for variant in PGD<SGD<Double>>.Variant.allCases {
      try checkAgainstScalars(Double.self, variant: variant)
    }
  }

  @Test func asksOnceForTheWholeBatch() throws {
    let w = vector([1.0, -2])
    let bad = Evaluation(loss: .nan, gradient: vector([3.0, 4]), samples: 4)
    var oracle = ScriptedOracle([
      Evaluation(loss: 7, gradient: vector([3.0, 4]), samples: 4, correct: 3), bad,
    ])
    var rule = try PGD(base: SGD<Double>(), seed: 1)
    var parameters = w
    let record = try rule.step(&parameters, oracle: &oracle, context: context(0))
    #expect(oracle.queries == [.init(w, .all, .observe)])
    #expect(record.loss == 7 && record.descentLoss == 7 && record.gradientNorm == 5)
    #expect(record.samples == 4 && record.correct == 3 && rule.sigma == 1e-4 && rule.variant == .weights)
    let after = parameters
    #expect(throws: Divergence(step: 1, what: "loss")) {
      try rule.step(&parameters, oracle: &oracle, context: context(1))
    }
    #expect(parameters == after)
  }

  /// From w = 0 on a flat loss the weights variant leaves σ·ξ itself.
  func noiseAlone(step: Int, seed: UInt64, count: Int) throws -> Tensor<Double> {
    var parameters = vector([Double](repeating: 0, count: count))
    var oracle = ScriptedOracle([Evaluation(loss: 0, gradient: parameters, samples: 1)])
    var rule = try PGD(base: SGD<Double>(), sigma: 1, seed: seed)
    _ = try rule.step(&parameters, oracle: &oracle, context: context(step))
    return parameters.flat
  }

  @Test func noiseIsStandardNormalAndIndependentOverSteps() throws {
    let n = 100_000
    let first = try noiseAlone(step: 0, seed: 3, count: n)
    let second = try noiseAlone(step: 1, seed: 3, count: n)
    // Σξ, Σξ² − n and Σξξ′ have the deviations √n, √(2n) and √n; six of them are exceeded with probability
    // below 1e-8, and the seed is fixed.
    let six = 6 * Double(n).squareRoot()
    #expect(abs(first.sum()) <= six)
    #expect(abs(first.dot(first) - Double(n)) <= 2.0.squareRoot() * six)
    #expect(abs(first.dot(second)) <= six)
    #expect(abs(first.dot(try noiseAlone(step: 0, seed: 4, count: n))) <= six)
  }

  @Test func noiseIsAFunctionOfSeedAndStepOnAnyThreadCount() throws {
    let reference = try noiseAlone(step: 9, seed: 3, count: 5_000)
    #expect(reference.elements == noise(Double.self, seed: 3, step: 9, count: 5_000))
    for path in ExecutionPath.all {
      #expect(try path.run { try noiseAlone(step: 9, seed: 3, count: 5_000) } == reference, "\(path)")
    }
  }

  @Test(arguments: [-1, Double.nan, .infinity])
  func refusesADeviationOutOfRange(_ sigma: Double) {
    #expect(throws: HyperparameterError.self) { try PGD(base: SGD<Float>(), sigma: sigma, seed: 0) }
  }
}
