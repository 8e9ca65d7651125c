import EscapementOptimizers
import EscapementArtifacts
import EscapementCurvature
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementTraining

extension GoldenCase {
  /// The suite of losses, rules and presets on the fixture.
  package static let methods = "fixture"

  /// One case for each pair of loss and rule, then one for each family of presets that no pair represents, on the
  /// miniature of a data set.
  package static func methods(on full: LongTailedData) -> [GoldenCase] {
    let data = MiniatureRun.data(of: full)
    let pairs = MethodGrid.pairs.map { pair in
      GoldenCase.method("\(pair.loss)/\(pair.optimizer)", pair.recipe, data)
    }
    let families = PresetFamily.all.compactMap { family in
      family.recipe.map { GoldenCase.method("presets/\(family.name)", $0, data) }
    }
    return pairs + families
  }

  /// A whole run in miniature. The values are what each step reported, the digests of the end point and of the path to
  /// it, the test images classified correctly by class, and the Lanczos coefficients and outer Ritz values of each
  /// class's training loss.
  ///
  /// Hessians are in Float, of the plain cross-entropy over a class's training images under running statistics, as in
  /// the papers' spectra. The tridiagonal matrix is solved in Double by this package's QL. All values are exact by the
  /// numeric contract.
  package static func method(_ name: String, _ recipe: Recipe, _ data: LongTailedData) -> GoldenCase {
    let provenance = [
      "train": data.train.provenance.digest.hex, "test": data.test.provenance.digest.hex,
      "recipe": Digest(of: recipe.json.canonical()).hex, "lanczosSteps": String(MiniatureRun.lanczosSteps),
    ]
    return GoldenCase(suite: methods, name: name, provenance: provenance) {
      try values(of: recipe, on: data, lanczosSteps: MiniatureRun.lanczosSteps)
    }
  }

  /// The values of a whole run. A class's spectrum is over its first `curvatureSamples` training images.
  static func values(
    of recipe: Recipe, on data: LongTailedData, lanczosSteps: Int, curvatureSamples: Int = .max
  ) throws -> [GoldenValue] {
    var loop = try TrainingLoop<Float>(
      recipe: recipe,
      source: AugmentedImages<Float>(data.train, recipe: recipe),
      loadAhead: 0)
    var values = [GoldenValue.digest("initial parameters", loop.state.parameters.digest)]
    values += series(of: try train(&loop))
    values.append(.digest("final parameters", loop.state.parameters.digest))
    values.append(.digest("final running statistics", loop.state.statistics.digest))
    values.append(.digest("digest chain", loop.state.digest))
    let accuracy = try ClassAccuracy(
      network: loop.network, parameters: loop.state.parameters, statistics: loop.state.statistics,
      over: data.test.source(Array(0..<data.test.count), of: Float.self))
    values.append(.counts("correct by class", accuracy.correct))
    values.append(.counts("test pictures by class", accuracy.samples))
    return try values + spectra(of: loop, on: data.train, steps: lanczosSteps, samples: curvatureSamples)
  }

  private static func train(_ loop: inout TrainingLoop<Float>) throws -> [StepRecord] {
    var records: [StepRecord] = []
    while !loop.isFinished {
      records.append(try loop.step())
      if loop.isEpochComplete { _ = loop.endEpoch() }
    }
    return records
  }

  private static func series(of records: [StepRecord]) -> [GoldenValue] {
    let columns: [(String, KeyPath<StepRecord, Double>)] = [
      ("learning rate", \.learningRate), ("rho", \.rho), ("loss", \.loss), ("descent loss", \.descentLoss),
      ("gradient norm", \.gradientNorm), ("perturbation norm", \.perturbationNorm), ("cosine", \.cosine),
    ]
    return columns.map { name, path in .series(name, records.map { $0[keyPath: path] }) }
      + [
        .counts("correct", records.map { $0.correct ?? -1 }),
        .counts("evaluations", records.map(\.evaluations)),
      ]
  }

  private static func spectra(
    of loop: TrainingLoop<Float>, on train: any LabeledImages, steps: Int, samples: Int
  ) throws -> [GoldenValue] {
    var values: [GoldenValue] = []
    var extremes: [(smallest: Double, largest: Double)] = []
    for label in 0..<train.classes {
      let hessian = HessianOperator(
        objective: Objective<Float>(network: loop.network), parameters: loop.state.parameters,
        statistics: loop.state.statistics,
        samples: train.source(Array(train.positions(ofClass: label).prefix(samples))))
      let krylov = try Lanczos(steps: steps, seed: loop.recipe.seed).decompose(hessian)
      let ritz = try TridiagonalEigen(krylov.tridiagonal).values
      values.append(.series("class \(label) α", krylov.alpha))
      values.append(.series("class \(label) β", krylov.beta))
      extremes.append((ritz[0], ritz[ritz.count - 1]))
    }
    values.append(.series("λ_min by class", extremes.map(\.smallest)))
    values.append(.series("λ_max by class", extremes.map(\.largest)))
    return values
  }
}
