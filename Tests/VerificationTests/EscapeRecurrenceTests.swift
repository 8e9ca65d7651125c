import EscapementCurvature
@testable import EscapementExperiments
import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementTestSupport
import Testing
import EscapementTraining

@testable import EscapementVerification

/// On quadratics the recurrence is exact: measured projections equal it to rounding.
@Suite struct EscapeRecurrenceTests {
  static let spectrum = [-3, -0.5, 0.2, 1, 2, 3]
  static let loss = KnownQuadratic<Double>(spectrum: spectrum, reflections: 3, seed: 11)
  static let start = Gaussian.vector(Double.self, count: 6, seed: 11, index: 70).scaled(by: 0.1)
  static let steps = 8
  static let rate = 0.1

  static func vector(_ flat: Tensor<Double>) -> ParameterVector<Double> {
    var layout = ParameterLayout()
    layout.append(name: "w", shape: [flat.count], role: .vector)
    return ParameterVector(layout: layout, flat: flat)
  }

  static func noise(_ step: Int) -> Tensor<Double> {
    Gaussian.vector(Double.self, count: 6, seed: 12, index: UInt64(step)).scaled(by: 0.2)
  }

  /// Three coordinates with parts of their own, whose slopes change with the step; head and tail add up to all.
  static func parted(_ step: Int, emptyTail: Bool = false) -> PartedQuadraticOracle<Double> {
    let head = Tensor([-2, 1, 0.5])
    let tail = emptyTail ? Tensor<Double>.zeros([3]) : Tensor([-1, 0.3, 2])
    let draw = Gaussian.vector(Double.self, count: 6, seed: 13, index: UInt64(step)).scaled(by: 0.3)
    let headSlope = draw.view(at: 0, shape: [3])
    let tailSlope = emptyTail ? Tensor<Double>.zeros([3]) : draw.view(at: 3, shape: [3])
    return PartedQuadraticOracle(
      spectra: [.all: head + tail, .head: head, .tail: tail],
      slopes: [.all: headSlope + tailSlope, .head: headSlope, .tail: tailSlope],
      emptyParts: emptyTail ? [.tail] : [])
  }

  /// A bound on |p̂ − p| from rounding.
  ///
  /// With S the size of points, gradients and noise, one step rounds some 64·d operations of sizes up to
  /// S(1 + L)(1 + η(1 + rL)), and the curvature of the central difference is off by at most 64·d·ε·(L + 1)·S/τ, which
  /// enters a step times η(1 + 2rL)(1 + L)S. An error grows by at most 1 + 2m + ηL(1 + rL) a step.
  static func bound(_ series: EscapeSeries, origin: Double, noise: Double, norm: Double, momentum: Double)
    -> Double
  {
    let size = origin + noise + (series.points.map(\.distance).max() ?? 0)
    let unit = 64 * 6 * Double.ulpOfOne * size * (1 + norm)
    var error = 0.0
    for move in series.points.compactMap(\.move) {
      let radius = move.drive?.parts.map(\.radius).max() ?? 0
      let ascent = 1 + 2 * radius * norm
      let curvature = unit / EscapeExperiment<Double>.probeDistance
      error =
        error * (1 + 2 * momentum + rate * norm * ascent) + unit * (1 + rate * ascent)
        + rate * ascent * (1 + norm) * size * curvature
    }
    return error
  }

  static func experiment(momentum: Double, offset: Double = 0) throws -> EscapeExperiment<Double> {
    try EscapeExperiment(
      origin: vector(start), direction: loss.eigenvector(0), offset: offset, steps: steps,
      learningRate: rate, momentum: momentum)
  }

  enum Ascent: CaseIterable { case none, unnormalized, normalized }

  static let cases: [(Ascent, Double, Bool)] = Ascent.allCases.flatMap { ascent in
    [(ascent, 0, false), (ascent, 0, true), (ascent, 0.9, false), (ascent, 0.9, true)]
  }

  @Test(arguments: cases)
  func measuredEqualsPredicted(_ ascent: Ascent, _ momentum: Double, _ isNoisy: Bool) throws {
    let base = try SGD<Double>(momentum: momentum, weightDecay: 0)
    let rho = 0.2
    func sam(_ ascent: SAMVariant.Ascent) throws -> any UpdateRule<Double> {
      try SAM(base: base, rho: rho, variant: SAMVariant(ascent: ascent, secondPassStatistics: .freeze))
    }
    let rule: any UpdateRule<Double> =
      switch ascent {
      case .none: base
      case .unnormalized: try sam(.unnormalized)
      case .normalized: try sam(.normalized)
      }
    let experiment = try Self.experiment(momentum: momentum, offset: 0.05)
    func oracle(_ step: Int) -> LossOracle<KnownQuadratic<Double>> {
      LossOracle(Self.loss, noise: isNoisy ? Self.noise(step) : nil)
    }
    let field = try experiment.field(of: .whole, oracle: oracle)
    let series = try experiment.run(
      "rule", rule, theory: (EscapeModel(.whole), field), oracle: oracle, loss: { Self.loss.value($0.flat) })
    let measured = series.positions
    let predicted = try #require(series.predicted)

    // The same recurrence written as in the theory, with the eigenvalue known by construction.
    let lambda = -3.0
    let v = Self.loss.eigenvector(0)
    var expected = [measured[0], 0]
    for step in 0..<Self.steps {
      let s = lambda * Self.start.dot(v) + (isNoisy ? Self.noise(step).dot(v) : 0)
      let norm = try #require(series.points[step].move).gradientNorm
      let factor =
        switch ascent {
        case .none: 1.0
        case .unnormalized: 1 + rho * lambda
        case .normalized: 1 + rho * lambda / norm
        }
      let p = expected[step]
      let before = step > 0 ? expected[step - 1] : p
      let next = p + momentum * (p - before) - Self.rate * factor * (lambda * p + s)
      if step == 0 { expected[1] = next } else { expected.append(next) }
    }
    let noise = isNoisy ? (0..<Self.steps).map { Self.noise($0).norm() }.max()! : 0
    let bound = Self.bound(
      series, origin: Self.start.norm(), noise: noise, norm: Self.loss.norm, momentum: momentum)
    // The bound has to be small against the movement, or the test would say nothing.
    #expect(bound < 1e-3 * measured.map { ($0 - measured[0]).magnitude }.max()!, "\(bound)")
    for step in 0...Self.steps {
      #expect((predicted[step] - measured[step]).magnitude <= bound, "step \(step)")
      #expect((expected[step] - measured[step]).magnitude <= bound, "step \(step)")
    }
    #expect(try #require(series.misfit) < 1e-3 && #require(series.closureError) < 1e-3)
    #expect(try #require(series.misfitWithoutCurvature) > 0.05)
    // Everything off v: Pythagoras, to a few roundings of the squares.
    for point in series.points {
      let square = point.distance * point.distance
      let parts = point.position * point.position + point.perpendicular * point.perpendicular
      #expect((square - parts).magnitude <= 64 * 6 * Double.ulpOfOne * square)
    }
  }

  static let partedRules: [(String, OptimizerChoice)] = [
    ("imbsam", .imbSAM(rho: .constant(0.2), eta: 1, normalization: .wholeBatch)),
    (
      "sse-sam",
      .sseSAM(rhoHead: .constant(0.15), rhoTail: .constant(0.3), stageFraction: 0.5, eta: 1)
    ),
    ("pgd", .pgd(sigma: 0.02, variant: .weights)),
    ("pgd-gradient", .pgd(sigma: 0.5, variant: .gradient)),
    ("lpf-sgd", .lpfSGD(radius: 0.3, shards: 4, holding: .even)),
  ]

  static func rule(_ optimizer: OptimizerChoice, momentum: Double) throws -> any UpdateRule<Double> {
    try Recipe(
      preset: "test/escape", data: "none", epochs: 4, optimizer: optimizer, momentum: momentum,
      weightDecay: 0,
      seed: 3
    ).makeRule(Double.self)
  }

  @Test(arguments: partedRules, [0, 0.9])
  func rulesOfPartsAndNoiseFollowItToo(_ entry: (String, OptimizerChoice), _ momentum: Double) throws {
    let experiment = try EscapeExperiment(
      origin: Self.vector(Tensor([0.2, -0.1, 0.3])), direction: Tensor([1, 0, 0]), steps: Self.steps,
      learningRate: Self.rate, momentum: momentum)
    let model = try #require(EscapeModel(entry.1, seed: 3))
    let field = try experiment.field(of: model.parts) { Self.parted($0) }
    let series = try experiment.run(
      entry.0, Self.rule(entry.1, momentum: momentum), theory: (model, field), oracle: { Self.parted($0) },
      loss: { _ in 0 })
    let predicted = try #require(series.predicted)
    let bound = Self.bound(series, origin: 0.4, noise: 2, norm: 3, momentum: momentum)
    #expect(bound < 1e-3 * series.positions.map(\.magnitude).max()!)
    for (p, q) in zip(predicted, series.positions) { #expect((p - q).magnitude <= bound) }
    // The part that the rule adds to SGD is seen: SGD's own path is another one.
    let plain = try experiment.run(
      "sgd", Self.rule(.sgd, momentum: momentum), oracle: { Self.parted($0) }, loss: { _ in 0 })
    #expect(plain.predicted == nil && plain.misfit == nil)
    let difference = zip(plain.positions, series.positions).map { ($0 - $1).magnitude }.max()!
    #expect(difference > 100 * bound, "\(entry.0)")
  }

  /// Weight decay pulls w, not w − w₀: the recurrence has to know ⟨v, w₀⟩.
  @Test func weightDecayIsPartOfIt() throws {
    let experiment = try EscapeExperiment(
      origin: Self.vector(Tensor([0.2, -0.1, 0.3])), direction: Tensor([1, 0, 0]), steps: Self.steps,
      learningRate: Self.rate, momentum: 0.9, weightDecay: 0.5)
    let field = try experiment.field(of: .whole) { Self.parted($0) }
    let series = try experiment.run(
      "sgd", SGD<Double>(momentum: 0.9, weightDecay: 0.5), theory: (EscapeModel(.whole), field),
      oracle: { Self.parted($0) }, loss: { _ in 0 })
    let bound = Self.bound(series, origin: 0.4, noise: 2, norm: 3.5, momentum: 0.9)
    #expect(bound < 1e-3 * series.positions.map(\.magnitude).max()!)
    for (p, q) in zip(try #require(series.predicted), series.positions) {
      #expect((p - q).magnitude <= bound)
    }
  }

  /// On a line −ay²/2 the growth is that of claim T6's windows, read off the measured series.
  @Test(arguments: [0, 0.9])
  func escapeIsSlowerAttractedAndFasterWhereTheClaimsSay(_ momentum: Double) throws {
    let (a, product, offset) = (4.0, 0.5, 1e-3)
    let width = 2 * (1 + momentum) / product
    let line = KnownQuadratic<Double>(spectrum: [-a], reflections: 0, seed: 0)
    func run(_ radiusTimesCurvature: Double) throws -> EscapeSeries {
      let experiment = try EscapeExperiment(
        origin: Self.vector(Tensor([0])), direction: Tensor([1]), offset: offset, steps: 60,
        learningRate: product / a, momentum: momentum)
      let base = try SGD<Double>(momentum: momentum, weightDecay: 0)
      let rule = try SAM(
        base: base, rho: radiusTimesCurvature / a,
        variant: SAMVariant(ascent: .unnormalized, secondPassStatistics: .freeze))
      let field = try experiment.field(of: .whole) { _ in LossOracle(line) }
      return try experiment.run(
        "sam", rule, theory: (EscapeModel(.whole), field), oracle: { _ in LossOracle(line) },
        loss: { line.value($0.flat) })
    }
    let plain = try run(0)
    func reach(_ series: EscapeSeries) throws -> Double { try #require(series.positions.last).magnitude }
    let sgd = try reach(plain)
    #expect(sgd > 1000 * offset)
    for share in [0.25, 0.5, 0.9] {
      let slow = try run(share)
      #expect(try reach(slow) < sgd && reach(slow) > offset, "ρa = \(share)")
      // No step at all is later than any.
      #expect(
        (slow.escape(beyond: 1000 * offset) ?? .max) > (try #require(plain.escape(beyond: 1000 * offset))))
    }
    for share in [1 + 0.1 * width, 1 + 0.4 * width, 1 + 0.9 * width] {
      let drawn = try run(share)
      #expect(try reach(drawn) < offset && #require(drawn.growth) < 1, "ρa = \(share)")
      #expect(drawn.escape(beyond: 1) == nil)
    }
    for share in [2.2 + width, 3 + width] {
      let fast = try run(share)
      #expect(try reach(fast) > sgd && #require(fast.growth) > #require(plain.growth), "ρa = \(share)")
    }
    // Just below the last threshold it escapes, but more slowly than SGD.
    let between = try run(1.5 + width)
    #expect(try reach(between) > offset && reach(between) < sgd)
  }

  /// Claim T7: normalized SAM steps back toward the saddle within ρ, away from it beyond.
  @Test func normalizedAscentPointsBackWithinItsRadius() throws {
    let line = KnownQuadratic<Double>(spectrum: [-1], reflections: 0, seed: 0)
    for (multiple, returns) in [(0.5, true), (0.9, true), (1.1, false), (3, false)] {
      let experiment = try EscapeExperiment(
        origin: Self.vector(Tensor([0])), direction: Tensor([1]), offset: 0.2 * multiple, steps: 1,
        learningRate: 0.1, momentum: 0)
      let base = try SGD<Double>(momentum: 0, weightDecay: 0)
      let series = try experiment.run(
        "sam", SAM(base: base, rho: 0.2), oracle: { _ in LossOracle(line) }, loss: { line.value($0.flat) })
      #expect((series.positions[1] < series.positions[0]) == returns, "|y| = \(multiple)ρ")
    }
  }

  @Test func withoutATailImbSAMIsSGDToTheBit() throws {
    let experiment = try EscapeExperiment(
      origin: Self.vector(Tensor([0.2, -0.1, 0.3])), direction: Tensor([0.6, 0.8, 0]), steps: 20,
      learningRate: Self.rate, momentum: 0.9)
    func run(_ optimizer: OptimizerChoice) throws -> EscapeSeries {
      try experiment.run(
        "rule", Self.rule(optimizer, momentum: 0.9), oracle: { Self.parted($0, emptyTail: true) },
        loss: { _ in 0 })
    }
    let sgd = try run(.sgd)
    let imbSAM = try run(.imbSAM(rho: .constant(0.5), eta: 1, normalization: .wholeBatch))
    #expect(imbSAM.positions == sgd.positions)
    #expect(imbSAM.points.map(\.distance) == sgd.points.map(\.distance))
  }

  /// The growth is what a path without drive settles to, whatever the roots.
  @Test(arguments: [(-3.0, 0.0), (-3, 0.9), (2, 0.9), (30, 0.5), (-0.1, 0.9)])
  func growthIsThatOfALongPath(_ c: Double, _ momentum: Double) {
    let recurrence = EscapeRecurrence(learningRate: 0.1, momentum: momentum)
    let drives = Array(repeating: EscapeDrive([.init(slope: 0, curvature: c)]), count: 400)
    let path = recurrence.positions(from: 1, drives: drives)
    // A mean over 200 steps, so that the phase of complex roots enters by at most a factor of 10^(1/200) or so.
    func size(_ at: Int) -> Double { (path[at] * path[at] + path[at - 1] * path[at - 1]).squareRoot() }
    var power = 1.0
    for _ in 0..<200 { power *= recurrence.growth(coefficient: c) }
    let ratio = size(400) / size(200) / power
    #expect(ratio > 0.1 && ratio < 10, "\(ratio)")
  }
}
