import Calculus
import Kernels
import LongTail
import Networks
import TestSupport
import Testing
import Training

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

/// What a network oracle answers under shares.
@Suite struct GradedMembershipTests {
  let whole = TinyRun().source.batch(Array(0..<16), epoch: 0)
  let network = Network.resNet(depth: 8, width: 2, classes: 3)

  func oracle(
    _ sharpness: FocalSharpness?, tail: Set<Int> = [], weights: [Double]? = nil
  ) -> NetworkOracle<Double> {
    NetworkOracle(
      objective: Objective(network: network, loss: SoftmaxCrossEntropy(classWeights: weights)),
      batch: LabelledBatch(images: whole.images.converted(to: Double.self), labels: whole.labels),
      statistics: network.initialStatistics(), tail: tail, sharpness: sharpness)
  }

  var point: ParameterVector<Double> { network.initialParameters(seed: 3) }

  @Test func bothPartsAddUpToTheBatch() throws {
    for weights in [nil, [0.5, 0.75, 1.75]] as [[Double]?] {
      var oracle = try oracle(FocalSharpness(counts: [10, 5, 1]), weights: weights)
      let all = try oracle.evaluate(at: point, on: .all, statistics: .freeze)
      let plain = try oracle.evaluate(at: point, on: .head, statistics: .freeze)
      let focal = try oracle.evaluate(at: point, on: .tail, statistics: .freeze)
      #expect(oracle.statistics == network.initialStatistics())
      #expect(plain.samples == 16 && focal.samples == 16 && plain.correct == all.correct)
      #expect(plain.loss > 0 && focal.loss > 0)
      // Sixteen samples, a product and a sum each, on either side.
      #expect(abs(plain.loss + focal.loss - all.loss) <= 40 * Double.ulpOfOne * all.loss)
      let size = plain.gradient.flat.norm() + focal.gradient.flat.norm()
      #expect(focal.gradient.flat.norm() > 0.01 * size)
      // Eight layers, of at most 3·3·8 terms a sum, batch norm's sums and products, forth and back.
      let terms = 8.0 * (2 * 72 + 20)
      let distance = (plain.gradient.flat + focal.gradient.flat - all.gradient.flat).norm()
      #expect(distance <= terms * Double.ulpOfOne * size)
    }
  }

  @Test func theFocalPartIsTheLossUnderSharesAsClassWeights() throws {
    let sharpness = try FocalSharpness(counts: [10, 5, 1], gamma: 2, scale: 0.8)
    var graded = oracle(sharpness)
    var weighted = oracle(nil, weights: sharpness.shares)
    let focal = try graded.evaluate(at: point, on: .tail, statistics: .observe)
    let all = try weighted.evaluate(at: point, on: .all, statistics: .observe)
    #expect(graded.statistics == weighted.statistics)
    // The weighted mean divides by the weights' sum, this part by the batch's size.
    let sum = whole.labels.reduce(0) { $0 + sharpness.shares[$1] }
    #expect(abs(focal.loss * 16 - all.loss * sum) <= 40 * Double.ulpOfOne * focal.loss * 16)
    let distance = (focal.gradient.flat.scaled(by: 16) - all.gradient.flat.scaled(by: sum)).norm()
    #expect(distance <= 8.0 * (2 * 72 + 20) * Double.ulpOfOne * 16 * focal.gradient.flat.norm())
  }

  @Test func withoutSharpnessAStepIsSGD() throws {
    var focal = try FocalSAM(base: SGD<Double>(), rho: .constant(0.5))
    var sgd = try SGD<Double>()
    var (a, b) = (point, point)
    var graded = try oracle(FocalSharpness(counts: [10, 5, 1], scale: 0))
    var whole = oracle(nil)
    let record = try focal.step(&a, oracle: &graded, context: context(0))
    _ = try sgd.step(&b, oracle: &whole, context: context(0))
    // The parts' zeros may differ in sign from nothing added at all: values, not bits.
    #expect(a.flat.elements == b.flat.elements && record.perturbationNorm == 0)
  }
}
