import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementNetworks
import EscapementRandomness
import EscapementTestSupport
import Testing

@Suite struct LPFSGDTests {
  static let layout: ParameterLayout = {
    var layout = ParameterLayout()
    layout.append(name: "conv.weight", shape: [3, 2, 2, 5], role: .convolution)
    layout.append(name: "linear.weight", shape: [7, 3], role: .dense)
    layout.append(name: "cosine.weight", shape: [6, 4], role: .matrix)
    layout.append(name: "bias", shape: [11], role: .vector)
    layout.append(name: "zero", shape: [4], role: .vector)
    return layout
  }()

  /// Entries that differ in size from filter to filter; the last segment is zero.
  static func point<E: Real>(_ type: E.Type) -> ParameterVector<E> {
    let values = (0..<layout.count).map { i -> E in
      let centered = Double(i * 37 % 101) - 50.3
      let size = Double(i % 5 + 1) / 7.7
      return i >= layout.count - 4 ? 0 : E(rounding: centered * size)
    }
    return ParameterVector(layout: layout, flat: Tensor(values))
  }

  /// γ times the norm of what an entry belongs to, by a loop over all entries.
  static func deviations<E: Real>(_ w: ParameterVector<E>, radius: Double) -> [Double] {
    let values = w.flat.elements.map(Double.init)
    var result: [Double] = []
    for segment in w.layout.segments {
      // The output is the fastest index of both kinds of weights.
      let outputs = segment.role == .vector ? 1 : segment.shape.extents.last!
      for i in 0..<segment.count {
        // Of the normalized classifier a filter is a row, of other weights a column.
        let filter =
          segment.role == .matrix
          ? stride(from: i / outputs * outputs, to: (i / outputs + 1) * outputs, by: 1)
          : stride(from: i % outputs, to: segment.count, by: outputs)
        let squares = filter.reduce(0) { $0 + values[segment.offset + $1] * values[segment.offset + $1] }
        let constant = segment.role == .vector ? 1e-16 : 0
        result.append(radius * (squares.squareRoot() + constant))
      }
    }
    return result
  }

  func checkNoise<E: Real>(_ type: E.Type) throws {
    let w = Self.point(type)
    let noise = try FilterNoise(radius: 0.01, seed: 8).draw(around: w, index: 77)
    var stream = RandomStream(seed: 8, purpose: .perturbation, index: 77)
    for (i, deviation) in Self.deviations(w, radius: 0.01).enumerated() {
      let expected = deviation * stream.normal()
      // At most 12 squares a sum, each with its product and its sum, root and scale: 32 roundings in Double
      // between the two; then deviation, normal and product are rounded to the type.
      let bound = abs(expected) * (32 * Double.ulpOfOne + 2 * Double(E.ulpOfOne))
      #expect(abs(Double(noise.flat[i]) - expected) <= bound, "entry \(i)")
    }
    #expect(noise.flat.elements.suffix(4).allSatisfy { $0 != 0 && abs(Double($0)) < 1e-16 })
  }

  @Test func deviationsFollowTheOutputFilters() throws {
    try checkNoise(Float.self)
    try checkNoise(Double.self)
  }

  func checkAgainstReference<E: Real>(_ type: E.Type, shards: Int) throws {
    var parameters = Self.point(type)
    let spectra: [[E]] = (0..<shards).map { shard -> [E] in
      (0..<Self.layout.count).map { i -> E in E(rounding: Double((i * 5 + shard) % 13 - 4) / 3.7) }
    }
    var oracle = PartedQuadraticOracle<E>(
      Dictionary(uniqueKeysWithValues: spectra.enumerated().map { (.shard(index: $0, count: shards), $1) }))
    var rule = try LPFSGD(
      base: SGD<E>(momentum: 0.9, weightDecay: 2e-4), radius: 0.01, shards: shards, seed: 8)
    let noise = try FilterNoise(radius: 0.01, seed: 8)
    var w = parameters.flat.elements
    var witness = ScalarSGD<E>(momentum: 0.9, decay: 2e-4)
    let share = E(rounding: 1 / Double(shards))
    for step in 0..<4 {
      let before = parameters
      let record = try rule.step(&parameters, oracle: &oracle, context: context(step, rate: 0.05))
      var sum: [E] = []
      var losses: [Double] = []
      var squares = 0.0
      for shard in 0..<shards {
        let xi = noise.draw(around: before, index: UInt64(step << 16 | shard)).flat.elements
        let point = w.indices.map { i -> E in w[i] + xi[i] }
        let query = oracle.queries[step * shards + shard]
        #expect(query.point.flat.elements == point && query.statistics == .observe)
        #expect(query.part == .shard(index: shard, count: shards))
        let gradient = w.indices.map { i -> E in point[i] * spectra[shard][i] }
        sum = w.indices.map { i -> E in
          let part: E = share * gradient[i]
          return shard == 0 ? part : sum[i] + part
        }
        losses.append(0.5 * vector(gradient).flat.dot(Tensor(point)) / Double(shards))
        squares += xi.reduce(0) { $0 + Double($1) * Double($1) } / Double(shards)
      }
      witness.descend(&w, along: sum, rate: 0.05)
      #expect(parameters.flat.elements == w, "step \(step)")
      #expect(record.evaluations == shards && record.samples == 2 * shards && record.correct == shards)
      // A sum of at most 8 losses, and of the squares of 96 entries by shard, each in either order: a rounding or
      // two a term.
      let size = losses.reduce(0) { $0 + abs($1) }
      #expect(abs(record.loss - losses.reduce(0, +)) <= 20 * Double.ulpOfOne * size)
      #expect(
        abs(record.perturbationNorm - squares.squareRoot()) <= 200 * Double.ulpOfOne * squares.squareRoot())
      #expect(record.rho == 0.01 && record.cosine == 1 && record.descentLoss == record.loss)
      #expect(record.gradientNorm == vector(sum).flat.norm())
    }
    #expect(oracle.queries.count == 4 * shards)
  }

  @Test(arguments: [1, 3, 8])
  func equalsTheScalarRuleToTheBit(_ shards: Int) throws {
    try checkAgainstReference(Float.self, shards: shards)
    try checkAgainstReference(Double.self, shards: shards)
  }

  @Test func noRadiusAndManyShardsIsSGDOnTheirMean() throws {
    // Gradients whose quarter sums are exact.
    let answers = [[4.0, 8], [12, -8], [0, 16], [8, 0]].map {
      Evaluation(loss: $0[0], gradient: vector($0), samples: 2)
    }
    var oracle = ScriptedOracle(answers)
    var rule = try LPFSGD(base: SGD<Double>(momentum: 0, weightDecay: 0), radius: 0, shards: 4, seed: 1)
    var parameters = vector([1.0, -0.0])
    let record = try rule.step(&parameters, oracle: &oracle, context: context(0, rate: 0.5))
    #expect(parameters == vector([-2.0, -2]))
    #expect(record.loss == 6 && record.samples == 8 && record.correct == nil)
    #expect(oracle.queries.allSatisfy { $0.point == vector([1.0, -0.0]) })
  }

  @Test func noiseIsAFunctionOfSeedStepAndShardOnAnyThreadCount() throws {
    let w = Self.point(Float.self)
    let noise = try FilterNoise(radius: 0.01, seed: 8)
    let reference = noise.draw(around: w, index: 3)
    for path in ExecutionPath.all {
      #expect(path.run { noise.draw(around: w, index: 3) } == reference, "\(path)")
    }
    #expect(noise.draw(around: w, index: 4) != reference)
    #expect(try FilterNoise(radius: 0.01, seed: 9).draw(around: w, index: 3) != reference)
    // No two queries of a run have the same noise.
    let one = ParameterVector<Double>(layout: w.layout, flat: .init(repeating: 1, shape: [w.count]))
    var oracle = PartedQuadraticOracle<Double>([
      .shard(index: 0, count: 2): [Double](repeating: 0, count: w.count),
      .shard(index: 1, count: 2): [Double](repeating: 0, count: w.count),
    ])
    var rule = try LPFSGD(base: SGD<Double>(momentum: 0, weightDecay: 0), shards: 2, seed: 8)
    var parameters = one
    for step in 0..<4 { _ = try rule.step(&parameters, oracle: &oracle, context: context(step)) }
    #expect(parameters == one && Set(oracle.queries.map(\.point.flat.elements)).count == 8)
  }

  @Test func noiseHasItsDeviations() throws {
    var layout = ParameterLayout()
    layout.append(name: "w", shape: [20_000, 2], role: .dense)
    let sizes = (0..<40_000).map { i -> Double in i % 2 == 0 ? 1 : 3 }
    let values = Tensor<Double>(sizes, shape: [20_000, 2])
    let w = ParameterVector(layout: layout, flat: values)
    let noise = try FilterNoise(radius: 0.001, seed: 2).draw(around: w, index: 0)
    for (column, size) in [1.0, 3].enumerated() {
      let n = 20_000.0
      let deviation = 0.001 * size * n.squareRoot()
      let xi = stride(from: column, to: 40_000, by: 2).map { noise.flat[$0] / deviation }
      // Six deviations √n of Σξ and √(2n) of Σξ² − n: exceeded with probability below 1e-8, and the seed is
      // fixed.
      #expect(abs(xi.reduce(0, +)) <= 6 * n.squareRoot())
      #expect(abs(xi.reduce(0) { $0 + $1 * $1 } - n) <= 6 * (2 * n).squareRoot())
    }
  }

  @Test func divergenceAtAnyShardChangesNothing() throws {
    let w = vector([1.0, 2])
    let fine = Evaluation(loss: 1, gradient: vector([1.0, 1]), samples: 1)
    var oracle = ScriptedOracle([fine, Evaluation(loss: .nan, gradient: vector([1.0, 1]), samples: 1)])
    var rule = try LPFSGD(base: SGD<Double>(), shards: 2, seed: 1)
    var parameters = w
    #expect(throws: Divergence(step: 3, what: "perturbed loss")) {
      try rule.step(&parameters, oracle: &oracle, context: context(3))
    }
    #expect(parameters == w && rule.state.isEmpty)
  }

  @Test func refusesValuesOutOfRange() {
    for radius in [-1, Double.nan, .infinity] {
      #expect(throws: HyperparameterError.self) { try LPFSGD(base: SGD<Float>(), radius: radius, seed: 0) }
    }
    for shards in [0, -1, 65537] {
      #expect(throws: HyperparameterError.self) { try LPFSGD(base: SGD<Float>(), shards: shards, seed: 0) }
    }
  }
}
