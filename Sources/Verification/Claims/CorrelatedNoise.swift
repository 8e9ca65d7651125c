import EscapementExperiments
import EscapementDrawing
import EscapementStatistics
import EscapementCalculus
import EscapementCurvature
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementTraining

// The assumption of Theorem 1 on a trained network: whether mini-batch gradients prefer negative curvature.

extension Claim {
  /// T10: correlated negative curvature on a network trained on the fixture.
  static let correlatedNoise = Claim(
    id: "T10", kind: .own, source: .supplement("§A, on the assumption of Theorem 1"),
    statement:
      "On a ResNet-8 trained on the fixture mini-batch gradients are correlated with negative curvature, as CNC assumes: their second "
      + "moment along the eigenvector v of λ_min exceeds that along a direction drawn at random, d·E⟨v, g⟩²/E‖g‖² > 1.",
    tier: .fixture,
    leaf: .theory, weight: .nothing,
    nulls: .none(
      because:
        "its procedure holds the mini-batches' noise against isotropic noise, which is its null, on networks of its own"
    ),
    refutedBy:
      "A 95 % interval of the ratio that lies at or below 1; one that includes 1 is inconclusive. (E⟨v, g⟩² > 0 alone cannot be "
      + "refuted.)",
    procedure:
      "A ResNet-8 trained on the fixture with CE and deferred re-weighting; after epochs 2 and 10, v is frozen as the "
      + "eigenvector of λ_min of the training loss over class 9's images, and over every eighth image; 200 mini-batches of "
      + "32, un-augmented, batch norm in training mode; bootstrap over mini-batches, v_max and eight random directions as control.",
    variant: "running statistics for v, batch statistics for the gradients; the run's loss",
    procedureVersion: 3
  ) { context in
    var evidence = Evidence()
    var ratios: [BootstrapEstimate] = []
    let data = try LongTailedData.fixture()
    for checkpoint in try FixtureCheckpoint.trained(on: data, seed: context.seed, after: [2, 10]) {
      ratios += try judgeNoise(of: checkpoint, data: data, seed: context.seed, into: &evidence)
    }
    evidence.note(
      "A network of some 20 thousand parameters on synthetic images says nothing of the papers' networks.")
    return noiseVerdict(ratios, evidence)
  }

  /// T10's verdict: refuted by an interval at or below 1, and inconclusive if an interval includes 1 or cannot be
  /// computed.
  static func noiseVerdict(_ ratios: [BootstrapEstimate], _ evidence: Evidence) -> Verdict {
    let least = -ratios.map { -$0.value }.reduce(-.infinity, Worst.of)
    var verdict = evidence.verdict(
      ifAllHold: .supported,
      summary: "the ratio is at least \(NumberText.short(least)) and all intervals exclude 1",
      refutation: "an interval of the ratio lies at or below 1")
    let isBelow = ratios.contains { $0.interval.map { $0.upperBound <= 1 } ?? false }
    if verdict.outcome == .refuted, !isBelow {
      verdict.outcome = .inconclusive
      verdict.summary = "an interval of the ratio includes 1, or there is none"
    }
    return verdict
  }

  /// Judges the ratios at one checkpoint, and returns them.
  private static func judgeNoise(
    of checkpoint: FixtureCheckpoint, data: LongTailedData, seed: UInt64, into evidence: inout Evidence
  ) throws -> [BootstrapEstimate] {
    var parts = [("class 9", data.train.positions(ofClass: 9), 40)]
    // An eighth of the training set represents all of it, because the whole set would cost more than everything else.
    parts.append(("all classes", Array(stride(from: 0, to: data.train.count, by: 8)), 30))
    let pairs = try parts.map { name, positions, steps in
      (name, try checkpoint.extremes(over: positions, in: data.train, steps: steps, seed: seed))
    }
    let dimension = checkpoint.parameters.count
    let controls = RandomDirections.unit(Float.self, count: 8, dimension: dimension, seed: seed)
    // v_max is included because noise that follows the curvature's magnitude prefers both ends of the spectrum.
    let directions =
      pairs.flatMap { [$0.1.smallest, $0.1.largest] }.map { $0.converted(to: Float.self) } + controls
    var rows: [MiniBatchRow] = []
    let draws = MiniBatchDraws(data.train, batchSize: 32, seed: seed)
    try draws.forEach(in: 0..<200, of: Float.self) { _, batch in
      rows.append(
        try MiniBatchRow(
          checkpoint.objective, at: checkpoint.parameters, statistics: checkpoint.statistics, batch: batch,
          rho: nil, along: directions))
    }
    let bootstrap = Bootstrap(rows: rows.count, resamples: 1000, seed: seed)
    func noise(_ direction: Int) -> NegativeCurvatureNoise {
      NegativeCurvatureNoise(of: rows, direction: direction, dimension: dimension, bootstrap: bootstrap)
    }
    var ratios: [BootstrapEstimate] = []
    for (place, (name, pair)) in pairs.enumerated() {
      let measured = noise(2 * place)
      ratios.append(measured.ratio)
      let label = "\(name), epoch \(checkpoint.epoch)"
      evidence.observe(
        "λ_min, \(label)", pair.report.smallest.rayleighQuotient,
        because: "Rayleigh quotient, residual \(NumberText.coarse(pair.report.smallest.residual))")
      evidence.observe(
        "d·E⟨v, g⟩²/E‖g‖², \(label)", measured.ratio.value, because: "ratio of sums over 200 mini-batches")
      evidence.atLeast(
        "lower end of its interval, \(label)", measured.ratio.interval?.lowerBound ?? .nan, 1.0.nextUp,
        because: "95 % BCa interval over mini-batches")
      evidence.observe(
        "the same ratio along v_max, \(label)", noise(2 * place + 1).ratio.value,
        because: "the other end of the same spectrum")
      evidence.observe(
        "part of E⟨v, g⟩² that is the mean gradient's, \(label)", measured.meanShare.value,
        because: "(mean ⟨v, g⟩)²/mean ⟨v, g⟩²")
    }
    let random = controls.indices.map { noise(2 * pairs.count + $0).ratio.value }
    evidence.observe(
      "mean ratio along 8 random directions, epoch \(checkpoint.epoch)",
      random.reduce(0, +) / Double(random.count), because: "1 on average over the sphere")
    return ratios
  }
}

/// A network after some epochs on the fixture.
private struct FixtureCheckpoint {
  let objective: Objective<Float>
  let parameters: ParameterVector<Float>
  let statistics: ParameterVector<Float>
  /// The number of epochs trained.
  let epoch: Int

  /// The states after these epochs of one run.
  static func trained(
    on data: LongTailedData, seed: UInt64, after epochs: [Int]
  ) throws -> [FixtureCheckpoint] {
    var recipe = try Recipe.preset("fixture/ce-drw")
    recipe.seed = seed
    var loop = try TrainingLoop<Float>(
      recipe: recipe, source: AugmentedImages<Float>(data.train, seed: seed), digestEvery: 0)
    var checkpoints: [FixtureCheckpoint] = []
    for epoch in 1...(epochs.max() ?? 1) {
      while !loop.isEpochComplete { _ = try loop.step() }
      if epochs.contains(epoch) {
        let loss = SoftmaxCrossEntropy(classWeights: loop.classWeights)
        checkpoints.append(
          FixtureCheckpoint(
            objective: Objective(network: loop.network, loss: loss), parameters: loop.state.parameters,
            statistics: loop.state.statistics, epoch: epoch))
      }
      _ = loop.endEpoch()
    }
    return checkpoints
  }

  /// The ends of the spectrum of the loss over some images under running statistics.
  func extremes(
    over positions: [Int], in set: any LabeledImages, steps: Int, seed: UInt64
  ) throws -> (report: SpectrumReport, smallest: Tensor<Double>, largest: Tensor<Double>) {
    let float = HessianOperator<Float>(
      objective: objective, parameters: parameters, statistics: statistics, samples: set.source(positions))
    return try extremePairs(of: float, measuredBy: float, steps: steps, seed: seed)
  }
}
