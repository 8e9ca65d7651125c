import EscapementCalculus
import Foundation
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import Testing

@testable import EscapementCurvature

/// The saddle test and a class's part in the loss, on a small perceptron of tanh in Double.
@Suite struct SaddleTestTests {
  static let network = Network.multilayerPerceptron(features: [3, 5, 4], activation: .tanh)
  static let parameters: ParameterVector<Double> = network.initialParameters(seed: 5)
  static let statistics: ParameterVector<Double> = network.initialStatistics()
  static let labels = [0, 0, 0, 1, 1, 2, 3, 0, 1, 2]
  static let batch = LabeledBatch(
    images: Tensor((0..<30).map { 1.5 * sin(Double(5 * $0 + 2)) }, shape: [10, 3]), labels: labels)

  static func only(_ label: Int) -> LabeledBatch<Double> {
    let rows = labels.indices.filter { labels[$0] == label }
    let values = batch.images.elements
    return LabeledBatch(
      images: Tensor(rows.flatMap { Array(values[(3 * $0)..<(3 * $0 + 3)]) }, shape: [rows.count, 3]),
      labels: rows.map { labels[$0] })
  }

  static func hessian(_ samples: LabeledBatch<Double>) -> HessianOperator<Double> {
    HessianOperator(
      objective: Objective(network: network), parameters: parameters, statistics: statistics, samples: samples
    )
  }

  static func test(_ samples: LabeledBatch<Double>, _ direction: Tensor<Double>) throws -> SaddleTest {
    try SaddleTest(
      objective: Objective(network: network), parameters: parameters, statistics: statistics,
      samples: samples,
      direction: direction)
  }

  @Test func alongTheSmallestEigenvectorTheCurvatureIsTheEigenvalue() throws {
    let samples = Self.only(0)
    let pairs = try extremePairs(
      of: Self.hessian(samples), measuredBy: Self.hessian(samples), steps: Self.parameters.count, seed: 1)
    // Any length will do.
    let test = try Self.test(samples, pairs.smallest.scaled(by: 7))
    let quotient = pairs.report.smallest.rayleighQuotient
    #expect(quotient < 0 && pairs.report.largest.rayleighQuotient > 0)
    // v is scaled by two roundings an entry and the product has some hundred.
    #expect(abs(test.curvature - quotient) <= 1000 * Double.ulpOfOne * pairs.report.largest.rayleighQuotient)
    #expect(test.squaredNorm == Self.parameters.flat.dot(Self.parameters.flat))
    #expect(test.scaleInvariantCurvature == test.curvature * test.squaredNorm)
    let gradient = try Objective<Double>(network: Self.network).evaluate(
      at: Self.parameters, statistics: Self.statistics, over: samples
    ).gradient.flat
    #expect(test.gradientNorm == gradient.norm())
    let unit = pairs.smallest.scaled(by: 1 / pairs.smallest.norm())
    #expect(abs(test.slope - gradient.dot(unit)) <= 100 * Double.ulpOfOne * gradient.norm())
  }

  /// The finite curvature tends to the exact one: its truncation is t²/12·f'''' with f'''' below 100 here.
  @Test func finiteCurvaturesTendToTheExactOne() throws {
    let direction = Tensor((0..<Self.parameters.count).map { cos(Double(3 * $0)) })
    let test = try Self.test(Self.batch, direction)
    #expect(test.excursions.map(\.distance) == SaddleTest.distances)
    for excursion in test.excursions.dropLast(2) {
      let bound = 100 * excursion.distance * excursion.distance / 12 + 30 * excursion.rounding
      #expect(abs(excursion.finiteCurvature - test.curvature) <= bound, "\(excursion)")
    }
    // The slope of the curvature is f''' for small distances: the same from both.
    let slopes = test.excursions.map(\.curvatureSlope)
    #expect(abs(slopes[0] - slopes[1]) <= 100 * 1e-2)
    #expect(test.measuredLipschitzConstant == slopes.max())
  }

  @Test func aSaddleNeedsMoreThanASign() throws {
    let samples = Self.only(0)
    let pairs = try extremePairs(
      of: Self.hessian(samples), measuredBy: Self.hessian(samples), steps: Self.parameters.count, seed: 1)
    // Upwards it is no saddle, whatever the gradient.
    let up = try Self.test(samples, pairs.largest)
    #expect(up.curvature > 0 && up.largestLipschitzConstant == 0 && !up.isSaddle)
    // Downwards the gradient decides: λ² must exceed L₂·‖∇f‖.
    let down = try Self.test(samples, pairs.smallest)
    #expect(down.largestLipschitzConstant == down.curvature * down.curvature / down.gradientNorm)
    #expect(
      down.isSaddle
        == (down.curvature * down.curvature > down.measuredLipschitzConstant * down.gradientNorm))
    #expect(down.measuredLipschitzConstant > 0)
  }

  /// All weights 0 and equal counts: every logit is 0, so is the gradient, and the product of the two layers is a saddle.
  @Test func theOriginIsASaddleWhereTheLabelsAreBalanced() throws {
    let network = Network.multilayerPerceptron(features: [2, 3, 2], activation: .tanh)
    let batch = LabeledBatch(images: Tensor([1, 0.5, -1, 0.25], shape: [2, 2]), labels: [0, 1])
    let origin = ParameterVector<Double>(zeros: network.layout)
    let hessian = HessianOperator<Double>(
      objective: Objective(network: network), parameters: origin, statistics: network.initialStatistics(),
      samples: batch)
    let pairs = try extremePairs(of: hessian, measuredBy: hessian, steps: origin.count, seed: 1)
    let test = try SaddleTest(
      objective: hessian.objective, parameters: origin, statistics: hessian.statistics, samples: batch,
      direction: pairs.smallest)
    #expect(test.gradientNorm == 0 && test.curvature < -0.1)
    #expect(test.largestLipschitzConstant == .infinity && test.isSaddle)
  }

  @Test(arguments: [[Double.nan, 1, 2], [1, .nan, 2], [2, 1, .nan]]) func aSlopeThatIsNoNumberIsNotLost(
    _ v: [Double]
  ) {
    #expect(SaddleTest.largest(v).isNaN && SaddleTest.largest([0.5, 2, 1]) == 2)
  }

  @Test func classesShareTheGradientOfTheLoss() throws {
    let weights = [0.5, 1, 1.5, 2]
    let objective = Objective<Double>(
      network: Self.network, loss: SoftmaxCrossEntropy(classWeights: weights))
    let direction = Tensor((0..<Self.parameters.count).map { sin(Double($0)) })
    let classes = try (0..<4).map { label in
      try ClassInLoss(
        objective: objective, parameters: Self.parameters, statistics: Self.statistics,
        samples: Self.only(label), within: Self.batch, direction: direction)
    }
    // Σ w n = 0.5·4 + 1·3 + 1.5·2 + 2·1 = 10.
    for (one, expected) in zip(classes, [0.2, 0.3, 0.3, 0.2]) {
      #expect(abs(one.share - expected) <= 4 * Double.ulpOfOne)
      #expect(one.curvatureOfWhole == classes[0].curvatureOfWhole)
    }
    // Four terms of a hundred roundings each, relative to the largest.
    let sum = classes.map(\.gradientShare).reduce(0, +)
    let largest = classes.map(\.gradientShare.magnitude).max()!
    #expect(abs(sum - 1) <= 1000 * Double.ulpOfOne * largest)
    let product = try HessianOperator(
      objective: objective, parameters: Self.parameters, statistics: Self.statistics, samples: Self.batch
    ).product(direction)
    let expected = product.dot(direction) / direction.dot(direction)
    #expect(abs(classes[0].curvatureOfWhole - expected) <= 1000 * Double.ulpOfOne * abs(expected) + 1e-14)
  }

  @Test func aLandscapeIsMadeOfLossesAtItsPoints() throws {
    let samples = Self.only(0)
    let objective = Objective<Double>(network: Self.network)
    let pairs = try extremePairs(
      of: Self.hessian(samples), measuredBy: Self.hessian(samples), steps: Self.parameters.count, seed: 1)
    var calls = 0
    let landscape = try Landscape(
      objective: objective, parameters: Self.parameters, statistics: Self.statistics, samples: samples,
      smallest: pairs.smallest.scaled(by: 3), largest: pairs.largest, radius: 0.5, points: 5, side: 3
    ) { done, total in
      calls += 1
      #expect(done == calls && total == 19)
    }
    #expect(calls == 19)
    #expect(landscape.distances == [-0.5, -0.25, 0, 0.25, 0.5] && landscape.sides == [-0.5, 0, 0.5])
    let (u, v) = (
      pairs.smallest.scaled(by: 3), pairs.largest.scaled(by: 1 / pairs.largest.norm())
    )
    func loss(_ a: Double, _ b: Double) throws -> Double {
      let moved = Self.parameters.flat.addingScaled(a, u.scaled(by: 1 / u.norm())).addingScaled(b, v)
      return try objective.evaluate(
        at: ParameterVector(layout: Self.parameters.layout, flat: moved), statistics: Self.statistics,
        over: samples
      ).loss
    }
    #expect(try landscape.smallest.losses == landscape.distances.map { try loss($0, 0) })
    #expect(try landscape.largest.losses == landscape.distances.map { try loss(0, $0) })
    for (row, b) in zip(landscape.plane, landscape.sides) {
      #expect(try row == landscape.sides.map { try loss($0, b) })
    }
    #expect(landscape.smallest.curvature < 0 && landscape.largest.curvature > 0)
    // The model's third-order remainder: t³/6 with derivatives below 100 here.
    let near = try loss(1e-3, 0)
    let model = landscape.smallest.model(at: 1e-3, loss: landscape.loss)
    #expect(abs(near - model) <= 100 * 1e-9 / 6 + 8 * Double.ulpOfOne)
  }

  @Test(arguments: [Normalization.running, .batch]) func theLossAloneHasTheBitsOfTheEvaluation(
    _ normalization: Normalization
  ) throws {
    let network = Network.resNet(depth: 8, width: 2, classes: 4)
    let objective = Objective<Float>(
      network: network, loss: SoftmaxCrossEntropy(classWeights: [0.5, 1, 1.5, 2]))
    let images = Tensor<Float>((0..<(10 * 192)).map { Float(sin(Double($0))) }).reshaped([10, 8, 8, 3])
    let batch = LabeledBatch(images: images, labels: Self.labels)
    let parameters: ParameterVector<Float> = network.initialParameters(seed: 2)
    let statistics: ParameterVector<Float> = network.initialStatistics()
    for partSize in [8, 64] {
      let alone = try objective.loss(
        at: parameters, statistics: statistics, over: batch, normalization: normalization, partSize: partSize)
      let evaluated = try objective.evaluate(
        at: parameters, statistics: statistics, over: batch, normalization: normalization)
      #expect(alone == evaluated.loss)
    }
  }
}
