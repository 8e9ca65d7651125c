import EscapementCalculus
import EscapementKernels
import EscapementNetworks
import EscapementOptimizers
import EscapementTestSupport
import Testing

@Suite struct FocalSAMTests {
  func checkAgainstScalars<E: Real>(_ type: E.Type) throws {
    var w = RuleCase.start(type)
    let (plain, focal) = (RuleCase.spectrum(type), RuleCase.tailSpectrum(type))
    var parameters = vector(w)
    var oracle = PartedQuadraticOracle<E>([.head: plain, .tail: focal])
    var rule = try FocalSAM(base: SGD<E>(), rho: .constant(0.3))
    var witness = ScalarSGD<E>(momentum: 0.9, decay: 2e-4)
    for step in 0..<5 {
      let record = try rule.step(&parameters, oracle: &oracle, context: context(step, rate: 0.05))
      let point = ascended(w, along: w.indices.map { w[$0] * focal[$0] }, rho: 0.3, constant: 1e-12)
      #expect(
        oracle.queries.suffix(3) == [
          .init(vector(w), .head, .observe), .init(vector(w), .tail, .freeze),
          .init(vector(point), .tail, .observe),
        ])
      let descent = w.indices.map { i -> E in
        let sharp: E = point[i] * focal[i]
        let rest: E = w[i] * plain[i]
        return sharp + rest
      }
      witness.descend(&w, along: descent, rate: 0.05)
      #expect(parameters == vector(w))
      // The oracle's answers count the whole batch, once.
      #expect(record.evaluations == 3 && record.rho == 0.3 && record.samples == 2 && record.correct == 1)
    }
  }

  @Test func equalsTheScalarRuleToTheBit() throws {
    try checkAgainstScalars(Float.self)
    try checkAgainstScalars(Double.self)
  }

  @Test func reportsTheSumOfBothParts() throws {
    var oracle = ScriptedOracle([
      Evaluation(loss: 2, gradient: vector([1.0, 0]), samples: 4, correct: 2),
      Evaluation(loss: 3, gradient: vector([3.0, 4]), samples: 4, correct: 2),
      Evaluation(loss: 5, gradient: vector([-1.0, 4]), samples: 4, correct: 1),
    ])
    var rule = try FocalSAM(base: SGD<Double>(momentum: 0, weightDecay: 0.5), rho: .constant(0.5))
    var parameters = vector([1.0, -2])
    let record = try rule.step(&parameters, oracle: &oracle, context: context(0, rate: 0.5))
    // From w = (1, -2) itself: d = (-1, 4) + (1, 0) + w/2 = (0.5, 3).
    #expect(parameters == vector([0.75, -3.5]))
    #expect(record.loss == 5 && record.descentLoss == 7 && record.samples == 4 && record.correct == 2)
    // g = (4, 4) and d = (0, 4).
    #expect(abs(record.cosine - 0.5.squareRoot()) <= 4 * Double.ulpOfOne)
    // Up to the constant 1e-12 in the norm 5 and four roundings.
    #expect(abs(record.perturbationNorm - 0.5) <= 0.5 * 1e-12 / 5 + 4 * Double.ulpOfOne)
  }

  @Test func divergenceChangesNothing() throws {
    try expectDivergenceChangesNothing(
      FocalSAM(base: SGD<Double>()), queries: ["head ", "tail ", "perturbed tail "])
  }

  @Test(arguments: [-1, Double.nan, .infinity])
  func refusesConstantsOutOfRange(_ value: Double) {
    #expect(throws: HyperparameterError.self) { try FocalSAM(base: SGD<Float>(), rho: .constant(value)) }
    #expect(throws: HyperparameterError.self) { try FocalSharpness(counts: [1, 2], gamma: value) }
    #expect(throws: HyperparameterError.self) { try FocalSharpness(counts: [1, 2], scale: value) }
    #expect(throws: HyperparameterError.self) { try FocalSharpness(counts: [1, 2], scale: 1.5) }
  }

  @Test func sharesAreThePowerOfTheOtherClasses() throws {
    let counts = [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]
    let sharpness = try FocalSharpness(counts: counts)
    for (count, share) in zip(counts, sharpness.shares) {
      let rest = Double(12406 - count) / 12406
      // exp and log within an ulp; the logarithm's error times γ is one of the power, and |γ·log| < 2.
      #expect(abs(share - 0.5 * rest * rest * rest) <= share * 12 * Double.ulpOfOne)
    }
    #expect(zip(sharpness.shares, sharpness.shares.dropFirst()).allSatisfy { $0 < $1 })
    #expect(
      try FocalSharpness(counts: counts, gamma: 0, scale: 0.8).shares == .init(repeating: 0.8, count: 10))
    // One class alone has no others: 0 to a positive power, and 1 to the power of 0.
    #expect(try FocalSharpness(counts: [7]).shares == [0])
    #expect(try FocalSharpness(counts: [7], gamma: 0).shares == [0.5])
  }
}
