@testable import EscapementExperiments
import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import Testing
import EscapementTraining

@testable import EscapementVerification

/// The measurement on networks, against the same numbers put together by hand.
@Suite struct MiniBatchNetworkTests {
  static let set = TrainingGoldenTests.data.train

  @Test(arguments: [SoftmaxCrossEntropy(), SoftmaxCrossEntropy(classWeights: [0.5, 1, 2, 3])])
  func aRowIsWhatTheObjectiveSays(loss: SoftmaxCrossEntropy) throws {
    let network = Network.resNet(depth: 8, width: 2, classes: 4)
    let objective = Objective<Float>(network: network, loss: loss)
    let w: ParameterVector<Float> = network.initialParameters(seed: 3)
    let statistics: ParameterVector<Float> = network.initialStatistics()
    let batch: LabeledBatch<Float> = try Self.set.batch([0, 7, 3, 11, 9], transform: .plain, keyedBy: nil)
    let directions = RandomDirections.unit(Float.self, count: 3, dimension: w.count, seed: 8)
    let rho = 0.4
    let row = try MiniBatchRow(
      objective, at: w, statistics: statistics, batch: batch, rho: rho, along: directions,
      eigenvalues: [-2, 5],
      products: true)

    func gradient(_ point: Tensor<Float>) -> Evaluation<Float> {
      objective.trainingStep(at: ParameterVector(layout: w.layout, flat: point), batch: batch).evaluation
    }
    let g = gradient(w.flat)
    let norm = g.gradient.flat.norm()
    #expect(row.loss == g.loss && row.samples == 5 && row.gradientNorm == norm)
    let near = gradient(w.flat.addingScaled(rho / (norm + 1e-12), g.gradient.flat)).gradient.flat
    let far = gradient(w.flat.addingScaled(rho, g.gradient.flat)).gradient.flat
    #expect(row.plain == directions.map { $0.dot(g.gradient.flat) })
    #expect(row.normalized == directions.map { $0.dot(near) })
    #expect(row.unnormalized == directions.map { $0.dot(far) })
    #expect(row.plain != row.normalized && row.normalized != row.unnormalized)
    #expect(row.products.count == 2)
    for (place, eigenvalue) in [-2.0, 5].enumerated() {
      let v = directions[place]
      let product = try objective.hessianVectorProduct(
        at: w, statistics: statistics, direction: ParameterVector(layout: w.layout, flat: v), over: batch,
        normalization: .batch
      ).flat
      #expect(row.products[place].curvature == v.dot(product))
      #expect(row.products[place].residual == product.addingScaled(-eigenvalue, v).norm())
    }
  }

  @Test(arguments: [Sampling.uniform, .resampled], [false, true])
  func drawsAreThoseOfTraining(sampling: Sampling, augmented: Bool) throws {
    let draws = MiniBatchDraws(Self.set, batchSize: 5, seed: 21, sampling: sampling, augmented: augmented)
    let source = AugmentedImages<Float>(Self.set, seed: 21, sampling: sampling)
    #expect(draws.perEpoch == 3)
    var sizes: [Int] = []
    try draws.forEach(in: 1..<8, of: Float.self) { number, batch in
      let (epoch, step) = (number / 3, number % 3)
      let positions = Array(source.order(epoch: epoch)[(5 * step)..<min(5 * step + 5, 12)])
      let trained: LabeledBatch<Float> = try source.batch(positions, epoch: epoch)
      #expect(batch.labels == trained.labels)
      #expect((batch.images == trained.images) == augmented)
      if !augmented, sampling == .uniform {
        let plain: LabeledBatch<Float> = try Self.set.batch(positions, transform: .plain, keyedBy: nil)
        #expect(batch.images == plain.images)
      }
      sizes.append(batch.count)
    }
    #expect(sizes == [5, 2, 5, 5, 2, 5, 5])
  }

  @Test func randomDirectionsAreUnitAndTheirOwn() {
    let directions = RandomDirections.unit(Double.self, count: 3, dimension: 500, seed: 1)
    for (i, u) in directions.enumerated() {
      // A division and 500 squares.
      #expect(abs(u.norm() - 1) <= 500 * Double.ulpOfOne)
      // Independent ones have a cosine of 1/√500 = 0.045 in size.
      for other in directions[..<i] { #expect(abs(u.dot(other)) < 0.25) }
    }
    #expect(directions == RandomDirections.unit(Double.self, count: 3, dimension: 500, seed: 1))
  }

  /// On a smooth network the true change is ρ⟨H_k v, ∇F⟩/‖∇F‖ up to O(ρ²), and the shares put the classes together to F.
  @Test func classwiseChangeOfASmoothNetwork() throws {
    let network = Network.multilayerPerceptron(features: [4, 5, 3], activation: .tanh)
    let loss = SoftmaxCrossEntropy(classWeights: [1, 2, 4])
    let objective = Objective<Double>(network: network, loss: loss)
    let w: ParameterVector<Double> = network.initialParameters(seed: 6)
    let statistics: ParameterVector<Double> = network.initialStatistics()
    let labels = [0, 0, 0, 0, 1, 1, 1, 2, 2]
    let all = LabeledBatch<Double>(
      images: .standardNormal(seed: 4, purpose: .theory, shape: [9, 4]), labels: labels)
    let parts = [0..<4, 4..<7, 7..<9].map { all.batch($0) }
    func gradient(_ samples: LabeledBatch<Double>) -> (Tensor<Double>) throws -> Tensor<Double> {
      { point in
        try objective.evaluate(
          at: ParameterVector(layout: w.layout, flat: point), statistics: statistics, over: samples
        ).gradient.flat
      }
    }
    func product(_ v: Tensor<Double>, _ samples: LabeledBatch<Double>) throws -> Tensor<Double> {
      try objective.hessianVectorProduct(
        at: w, statistics: statistics, direction: ParameterVector(layout: w.layout, flat: v), over: samples
      ).flat
    }
    let v = RandomDirections.unit(Double.self, count: 1, dimension: w.count, seed: 2)[0]
    var gaps: [[Double]] = []
    for rho in [1e-2, 1e-3] {
      let step = try WholeStep(from: w.flat, rho: rho, gradient: gradient(all))
      let changes = try parts.map { part in
        try ClasswiseChange(
          of: step, from: w.flat, along: v, eigenvalue: -1.5,
          share: loss.totalWeight(of: part.labels) / loss.totalWeight(of: labels),
          curvatureOfWhole: v.dot(try product(v, all)), gradient: gradient(part))
      }
      // F = Σ p_k f_k, before and after the step: 9 samples' roundings of size ≤ 10.
      for (parts, whole) in [
        (changes.map { $0.share * $0.component }, changes[0].wholeComponent),
        (changes.map { $0.share * $0.perturbedComponent }, changes[0].perturbedWholeComponent),
      ] { #expect(abs(parts.reduce(0, +) - whole) <= 1000 * Double.ulpOfOne) }
      let c = changes[0]
      #expect(c.share == 4.0 / 18 && c.rho == rho)
      #expect(abs(c.firstOrderChange - rho * -1.5 * v.dot(step.gradient) / step.gradient.norm()) <= 1e-15)
      #expect(abs(c.shortFactor - (1 - 1.5 * rho * c.share / step.gradient.norm())) <= 1e-15)
      #expect(abs(c.factor - (1 + c.change / c.component)) <= 1e-12)
      let others = changes[1].share * changes[1].component + changes[2].share * changes[2].component
      #expect(abs(c.othersRatio - abs(others / (c.share * c.component))) <= 1e-11)
      gaps.append(
        try zip(changes, parts).map { change, part in
          abs(
            try change.change - rho * product(v, part).dot(step.gradient) / step.gradient.norm())
        })
    }
    // A remainder of second order: a hundredth at a tenth of ρ, within a factor of two for the next order.
    for (large, small) in zip(gaps[0], gaps[1]) {
      #expect(small < large / 50 && small > large / 200, "\(large) \(small)")
    }
  }
}
