import EscapementArtifacts
import EscapementCurvature
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementTraining

extension GoldenCase {
  /// A short training run. The values are the order of every epoch and the initial parameters; rate, radius, losses,
  /// norms, the digest chain and a checksum of each tensor at every step; and group accuracies and the curvature at the
  /// end point. All are bit-exact by the numeric contract. One wrong sign or one rounding changes a value, and the
  /// first value that differs locates the cause.
  ///
  /// `recipe` trains on `data.train`; class weights follow its `weighting`. Accuracies are of `data.test`. The spectrum
  /// is that of the loss over the first `curvatureSamples` images of classes 0 and C − 1 under running statistics:
  /// Lanczos in Float, the tridiagonal matrix by this package's solver.
  package static func training(
    name: String, recipe: Recipe, data: LongTailedData, steps: Int = 30, curvatureSamples: Int = 8,
    lanczosSteps: Int = 12
  ) -> GoldenCase {
    let provenance = [
      "data": data.train.provenance.name, "train": data.train.provenance.digest.hex,
      "test": data.test.provenance.digest.hex, "recipe": Digest(of: recipe.json.canonical()).hex,
      "steps": String(steps), "curvatureSamples": String(curvatureSamples),
      "lanczosSteps": String(lanczosSteps),
    ]
    return GoldenCase(suite: "training", name: name, provenance: provenance) {
      var values: [GoldenValue] = []
      let loop = try trained(recipe, on: data, steps: steps, into: &values)
      try accuracies(of: loop, on: data, into: &values)
      let positions = [0, data.train.classes - 1].flatMap { label in
        data.train.positions(ofClass: label).prefix(curvatureSamples)
      }
      try curvature(of: loop, over: data.train.source(positions), steps: lanczosSteps, into: &values)
      return values
    }
  }

  private static func trained(
    _ recipe: Recipe, on data: LongTailedData, steps: Int, into values: inout [GoldenValue]
  ) throws -> TrainingLoop<Float> {
    let source = AugmentedImages<Float>(data.train, recipe: recipe)
    var loop = try TrainingLoop<Float>(recipe: recipe, source: source)
    values.append(.digest("initial parameters", loop.state.parameters.digest))
    let names = loop.network.layout.segments.map(\.name)
    values.append(GoldenValue(name: "tensors", content: .text(names.joined(separator: " "))))
    for step in 1...steps {
      if loop.isEpochComplete { _ = loop.endEpoch() }
      precondition(!loop.isFinished, "\(recipe.epochs) epochs end before step \(step) of \(steps)")
      if loop.state.stepInEpoch == 0 {
        let epoch = loop.state.epoch
        values.append(.digest("epoch \(epoch) order", source.orderDigest(epoch: epoch)))
      }
      let record = try loop.step()
      values.append(.exact("step \(step) learning rate", record.learningRate))
      values.append(.exact("step \(step) rho", record.rho))
      values.append(.exact("step \(step) loss", record.loss))
      values.append(.exact("step \(step) descent loss", record.descentLoss))
      values.append(.exact("step \(step) gradient norm", record.gradientNorm))
      values.append(.exact("step \(step) perturbation norm", record.perturbationNorm))
      values.append(.integer("step \(step) correct", record.correct ?? -1))
      values.append(.digest("step \(step) digest", loop.state.digest))
      let checksums = loop.state.parameters.tensorChecksums.joined(separator: " ")
      values.append(GoldenValue(name: "step \(step) tensors", content: .text(checksums)))
    }
    values.append(.digest("final parameters", loop.state.parameters.digest))
    values.append(.digest("final running statistics", loop.state.statistics.digest))
    return loop
  }

  private static func accuracies(
    of loop: TrainingLoop<Float>, on data: LongTailedData, into values: inout [GoldenValue]
  ) throws {
    let source: ImageSource<Float> = data.test.source(Array(0..<data.test.count))
    let accuracy = try ClassAccuracy(
      network: loop.network, parameters: loop.state.parameters, statistics: loop.state.statistics,
      over: source)
    for (name, classes) in [
      ("head", data.groups.head), ("mid", data.groups.mid), ("tail", data.groups.tail),
    ] {
      values.append(.integer("\(name) correct", classes.map { accuracy.correct[$0] }.reduce(0, +)))
      values.append(.integer("\(name) samples", classes.map { accuracy.samples[$0] }.reduce(0, +)))
    }
    values.append(.integer("not a number", accuracy.notANumber))
  }

  private static func curvature(
    of loop: TrainingLoop<Float>, over source: ImageSource<Float>, steps: Int,
    into values: inout [GoldenValue]
  ) throws {
    let hessian = HessianOperator(
      objective: Objective<Float>(network: loop.network), parameters: loop.state.parameters,
      statistics: loop.state.statistics, samples: source)
    let krylov = try Lanczos(steps: steps, seed: loop.recipe.seed).decompose(hessian)
    let ritz = try TridiagonalEigen(krylov.tridiagonal).values
    values.append(.exact("smallest Ritz value", ritz[0]))
    values.append(.exact("largest Ritz value", ritz[ritz.count - 1]))
    values.append(.exact("last Lanczos β", krylov.beta[krylov.steps - 1]))
  }
}
