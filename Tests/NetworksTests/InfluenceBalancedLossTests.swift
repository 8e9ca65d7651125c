import EscapementCalculus
import Foundation
import EscapementKernels
import EscapementLongTail
import Testing

@testable import EscapementNetworks

/// The influence-balanced loss against its definition in Double, with the C library's functions.
@Suite struct InfluenceBalancedLossTests {
  static let loss = InfluenceBalancedLoss(classWeights: [0.4, 0.7, 1.9], alpha: 50)
  static let labels = [0, 2, 1, 1, 0]
  static let logits = (0..<15).map { 2 * sin(Double(4 * $0) + 0.3) }
  /// Both signs, away from 0, where |x| has no derivative.
  static let features = (0..<20).map { (i: Int) -> Double in (i % 3 == 0 ? -1 : 1) * (0.3 + Double(i % 7)) }

  /// w ℓ q of one sample, over five samples.
  static func term(_ z: [Double], _ h: [Double], _ y: Int) -> Double {
    let m = z.max()!
    let sum = z.map { exp($0 - m) }.reduce(0, +)
    let p = z.map { exp($0 - m) / sum }
    let error = p.enumerated().map { abs($0.element - ($0.offset == y ? 1 : 0)) }.reduce(0, +)
    let q = 50 / (error * h.map { abs($0) }.reduce(0, +) + 0.001)
    return [0.4, 0.7, 1.9][y] * -log(p[y]) * q / 5
  }

  static func value(_ logits: [Double], _ features: [Double]) -> Double {
    labels.indices.map { i in
      term(Array(logits[(3 * i)..<(3 * i + 3)]), Array(features[(4 * i)..<(4 * i + 4)]), labels[i])
    }.reduce(0, +)
  }

  static func output(_ logits: [Double], _ features: [Double]) -> ClassifierOutput<Tensor<Double>> {
    ClassifierOutput(features: Tensor(features, shape: [5, 4]), logits: Tensor(logits, shape: [5, 3]))
  }

  static func gradient(_ logits: [Double], _ features: [Double]) throws -> [Double] {
    let (_, g) = loss.evaluate(output(logits, features), labels: labels, totalWeight: 5, startingAt: 0)
    return try g.logits.elements + #require(g.features).elements
  }

  @Test func theValueIsThatOfTheDefinition() {
    let (sum, _) = Self.loss.evaluate(
      Self.output(Self.logits, Self.features), labels: Self.labels, totalWeight: 5, startingAt: 0)
    let expected = Self.value(Self.logits, Self.features)
    // Some thirty roundings a sample, none of which cancels by more than the logits' size.
    #expect(abs(sum / 5 - expected) <= 100 * Double.ulpOfOne * expected)
    #expect(Self.loss.totalWeight(of: Self.labels) == 5)
  }

  @Test func gradientsEqualCentralDifferencesOfTheDefinition() throws {
    let gradient = try Self.gradient(Self.logits, Self.features)
    let size = Self.value(Self.logits, Self.features)
    let h = 1e-5
    for i in gradient.indices {
      func value(_ step: Double) -> Double {
        var (z, f) = (Self.logits, Self.features)
        if i < 15 { z[i] += step } else { f[i - 15] += step }
        return Self.value(z, f)
      }
      let difference = (value(h) - value(-h)) / (2 * h)
      // Truncation h²/6·|L'''| with |L'''| ≤ 20·L in these units, and the values' rounding over h.
      let bound = h * h / 6 * 20 * size + 100 * Double.ulpOfOne * size / h
      #expect(abs(gradient[i] - difference) <= bound, "entry \(i)")
    }
  }

  @Test func theGradientCanBeDifferentiatedAgain() throws {
    let (dz, dh) = ((0..<15).map { cos(Double(7 * $0)) }, (0..<20).map { 0.1 * sin(Double(5 * $0)) })
    let moving = ClassifierOutput<Dual<Tensor<Double>>>(
      features: Dual(
        primal: Tensor(Self.features, shape: [5, 4]), tangent: Tensor(dh, shape: [5, 4])),
      logits: Dual(primal: Tensor(Self.logits, shape: [5, 3]), tangent: Tensor(dz, shape: [5, 3])))
    let (_, g) = Self.loss.evaluate(moving, labels: Self.labels, totalWeight: 5, startingAt: 0)
    let exact = try g.logits.derivative.elements + #require(g.features).derivative.elements
    let h = 1e-5
    func at(_ step: Double) throws -> [Double] {
      try Self.gradient(
        zip(Self.logits, dz).map { $0 + step * $1 }, zip(Self.features, dh).map { $0 + step * $1 })
    }
    let (plus, minus) = try (at(h), at(-h))
    let size = Self.value(Self.logits, Self.features)
    for i in exact.indices {
      // As above, one derivative further.
      let bound = h * h / 6 * 200 * size + 200 * Double.ulpOfOne * size / h
      #expect(abs(exact[i] - (plus[i] - minus[i]) / (2 * h)) <= bound, "entry \(i)")
    }
    #expect(try g.logits.value.elements + #require(g.features).value.elements == at(0))
  }

  /// Through a network whose features move with its parameters: a perceptron of tanh.
  @Test func theGradientReachesTheParametersThroughBothWays() throws {
    let network = Network.multilayerPerceptron(features: [3, 4, 3], activation: .tanh)
    let objective = Objective<Double>(network: network, loss: Self.loss)
    let parameters: ParameterVector<Double> = network.initialParameters(seed: 3)
    let images = Tensor((0..<15).map { sin(Double(3 * $0 + 1)) }, shape: [5, 3])
    let batch = LabeledBatch(images: images, labels: Self.labels)
    let statistics: ParameterVector<Double> = network.initialStatistics()
    func evaluation(_ w: ParameterVector<Double>) throws -> Evaluation<Double> {
      try objective.evaluate(at: w, statistics: statistics, over: batch)
    }
    let exact = try evaluation(parameters)
    let h = 1e-6
    for i in 0..<parameters.count {
      func loss(_ step: Double) throws -> Double {
        var moved = parameters
        moved.flat.withMutablePointer { $0[i] += step }
        return try evaluation(moved).loss
      }
      let difference = try (loss(h) - loss(-h)) / (2 * h)
      // Rounding of the values over h; features of less than 1 make q's derivatives large: 10⁴ losses.
      let bound = (h * h * 1e4 + 200 * Double.ulpOfOne / h) * exact.loss
      #expect(abs(exact.gradient.flat.elements[i] - difference) <= bound, "parameter \(i)")
    }
    // The part counted alone and the whole agree where the part is the whole.
    let whole = objective.trainingStep(at: parameters, batch: batch).evaluation
    let counted = objective.trainingStep(
      at: parameters, batch: batch, counting: Array(0..<5), divisor: 5
    ).evaluation
    #expect(whole.loss == counted.loss && whole.gradient == counted.gradient)
    #expect(whole.gradient == exact.gradient)
  }

  /// A feature of exactly 0 is where |x| has no derivative: it counts as 0, and nothing is NaN.
  @Test func deadFeaturesAreHarmless() throws {
    let gradient = try Self.gradient(Self.logits, [Double](repeating: 0, count: 20))
    #expect(gradient.allSatisfy(\.isFinite) && gradient[15...].allSatisfy { $0 == 0 })
  }
}
