import EscapementExperiments
import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementNetworks
import EscapementTestSupport
import Testing

@Suite struct SAMTests {
  func checkAgainstScalars<E: Real>(_ type: E.Type, variant: SAMVariant) throws {
    var w = RuleCase.start(type)
    let spectrum = RuleCase.spectrum(type)
    let rho = 0.3
    var parameters = vector(w)
    var oracle = QuadraticOracle(spectrum: spectrum)
    var rule = try SAM(base: SGD<E>(momentum: 0.9, weightDecay: 2e-4), rho: rho, variant: variant)
    var witness = ScalarSGD<E>(momentum: 0.9, decay: 2e-4)
    for step in 0..<5 {
      let record = try rule.step(&parameters, oracle: &oracle, context: context(step, rate: 0.05))
      let clean = w.indices.map { w[$0] * spectrum[$0] }
      // The norm's own order of summation is the kernels' contract, tested there.
      let norm = vector(clean).flat.norm()
      let direction = w.indices.map { i -> E in
        guard variant.ascent == .adaptive else { return clean[i] }
        let square: E = w[i] * w[i]
        return square * clean[i]
      }
      let divisor: Double =
        switch variant.ascent {
        case .normalized: norm + 1e-12
        case .unnormalized: 1
        case .adaptive: vector(w.indices.map { w[$0] * clean[$0] }).flat.norm() + 1e-12
        }
      let scale = E(rounding: rho / divisor)
      let perturbed = w.indices.map { i -> E in
        let move: E = scale * direction[i]
        return w[i] + move
      }
      #expect(oracle.points.suffix(2) == [vector(w), vector(perturbed)])
      #expect(record.gradientNorm == norm)
      // ‖ε‖ is measured from w + ε: each entry's last rounding moves it by at most half an ulp of the
      // largest entry, so the norm by √n/2 of them; scale and product add two relative roundings, and
      // the constant in the norm less than 1e-12 of it.
      let exact =
        variant.ascent == .normalized ? rho : abs(rho / divisor) * vector(direction).flat.norm()
      let largest = perturbed.map { Double($0.magnitude) }.max()!
      let ulp = Double(E.ulpOfOne)
      let bound = ulp * (largest * Double(w.count).squareRoot() + 2 * exact) + 1e-12 * exact
      let distance = abs(record.perturbationNorm - exact)
      #expect(distance <= bound)
      witness.descend(&w, along: w.indices.map { perturbed[$0] * spectrum[$0] }, rate: 0.05)
      #expect(parameters == vector(w))
      #expect(record.evaluations == 2 && record.rho == rho)
    }
  }

  @Test func equalsTheScalarRuleToTheBit() throws {
    for ascent in SAMVariant.Ascent.allCases {
      let variant = SAMVariant(ascent: ascent, secondPassStatistics: .observe)
      try checkAgainstScalars(Float.self, variant: variant)
      try checkAgainstScalars(Double.self, variant: variant)
    }
  }

  @Test(arguments: [SAMVariant.released, .recommended])
  func asksAtBothPointsAndReportsBoth(_ variant: SAMVariant) throws {
    let w = vector([1.0, -2])
    var oracle = ScriptedOracle([
      Evaluation(loss: 7, gradient: vector([3.0, 4]), samples: 4, correct: 3),
      Evaluation(loss: 9, gradient: vector([4.0, -3]), samples: 4, correct: 1),
    ])
    var rule = try SAM(base: SGD<Double>(momentum: 0, weightDecay: 0.5), rho: 0.5, variant: variant)
    var parameters = w
    let record = try rule.step(&parameters, oracle: &oracle, context: context(0, rate: 0.5))
    #expect(oracle.queries.count == 2)
    #expect(oracle.queries[0] == .init(w, .all, .observe))
    let second = oracle.queries[1]
    #expect(second.part == .all && second.statistics == variant.secondPassStatistics)
    // ε = 0.5·(3, 4)/5 up to the constant 1e-12 in the norm and three roundings; weight decay takes no part.
    for (entry, expected) in zip(second.point.flat.elements, [1.3, -1.6]) {
      let bound = 0.4 * 1e-12 / 5 + 4 * Double.ulpOfOne
      #expect(abs(entry - expected) <= bound)
    }
    // From w = (1, -2) itself: d = g̃ + w/2 = (4.5, -4).
    #expect(parameters == vector([-1.25, 0]))
    #expect(record.loss == 7 && record.descentLoss == 9 && record.cosine == 0)
    #expect(record.samples == 4 && record.correct == 3)
  }

  @Test func theRadiusFollowsTheEpoch() throws {
    let schedule = RhoSchedule.steps(first: 0, then: [.init(epoch: 2, rho: 0.5)])
    var rule = try SAM(base: SGD<Double>(), rho: schedule)
    var parameters = vector([3.0, 4])
    var oracle = QuadraticOracle(spectrum: [1, 1])
    for (epoch, rho) in [(0, 0.0), (1, 0), (2, 0.5), (9, 0.5)] {
      let record = try rule.step(&parameters, oracle: &oracle, context: context(epoch, epoch: epoch))
      #expect(record.rho == rho && (record.perturbationNorm > 0) == (rho > 0))
    }
    let falling = RhoSchedule.steps(first: 1, then: [.init(epoch: 0, rho: 0.5)])
    #expect(throws: HyperparameterError.self) { try SAM(base: SGD<Double>(), rho: falling) }
  }

  @Test func adaptiveAscentIsInvariantToARescalingThatKeepsTheLoss() throws {
    // L(w) = L'(c·w) with c a power of two: the adaptive points correspond to the bit, the plain ones do not.
    let w = RuleCase.start(Double.self)
    let g = w.indices.map { RuleCase.spectrum(Double.self)[$0] * w[$0] }
    func secondPoint(_ c: Double, _ ascent: SAMVariant.Ascent) throws -> [Double] {
      let variant = SAMVariant(ascent: ascent, secondPassStatistics: .freeze)
      var oracle = ScriptedOracle([
        Evaluation(loss: 1, gradient: vector(g.map { $0 / c }), samples: 1),
        Evaluation(loss: 1, gradient: vector(g), samples: 1),
      ])
      var rule = try SAM(base: SGD<Double>(), rho: 0.3, variant: variant)
      var parameters = vector(w.map { $0 * c })
      _ = try rule.step(&parameters, oracle: &oracle, context: context(0))
      return oracle.queries[1].point.flat.elements.map { $0 / c }
    }
    #expect(try secondPoint(8, .adaptive) == secondPoint(1, .adaptive))
    #expect(try secondPoint(8, .normalized) != secondPoint(1, .normalized))
  }

  @Test func zeroGradientStaysPut() throws {
    var rule = try SAM(base: SGD<Double>(weightDecay: 0), rho: 0.5)
    var parameters = vector([1.0, -0.0])
    let zero = Evaluation(loss: 0, gradient: vector([0.0, 0]), samples: 1)
    var oracle = ScriptedOracle([zero, zero])
    let record = try rule.step(&parameters, oracle: &oracle, context: context(0))
    #expect(record.perturbationNorm == 0 && record.cosine == 0)
    #expect(parameters.flat.elements == [1, 0])
  }

  @Test func divergenceAtTheSecondPointChangesNothing() throws {
    let w = vector([1.0, 2])
    let fine = Evaluation(loss: 1, gradient: vector([1.0, 1]), samples: 1)
    var rule = try SAM(base: SGD<Double>(), rho: 0.1)
    var parameters = w
    var loss = ScriptedOracle([fine, Evaluation(loss: .nan, gradient: vector([1.0, 1]), samples: 1)])
    #expect(throws: Divergence(step: 3, what: "perturbed loss")) {
      try rule.step(&parameters, oracle: &loss, context: context(3))
    }
    var gradient = ScriptedOracle([
      fine, Evaluation(loss: 1, gradient: vector([1.0, .infinity]), samples: 1),
    ])
    #expect(throws: Divergence(step: 4, what: "perturbed gradient", tensor: "w")) {
      try rule.step(&parameters, oracle: &gradient, context: context(4))
    }
    var first = ScriptedOracle([Evaluation(loss: .nan, gradient: vector([1.0, 1]), samples: 1), fine])
    #expect(throws: Divergence(step: 5, what: "loss")) {
      try rule.step(&parameters, oracle: &first, context: context(5))
    }
    #expect(parameters == w && rule.state.isEmpty)
  }

  @Test(arguments: [-1, Double.nan, .infinity, -1e-300])
  func refusesARadiusOutOfRange(_ rho: Double) throws {
    let error = try #require(throws: HyperparameterError.self) {
      try SAM(base: SGD<Float>(), rho: rho)
    }
    #expect(error.description == "rho is \(rho), expected a finite number of at least 0")
    #expect(error.exitCode == 64)
  }
}
