import EscapementExperiments
import EscapementCalculus
import EscapementCurvature
import Foundation
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementTraining
import EscapementVerification

/// The direction of λ_min for a selection of images.
struct AmplifiedDirection {
  let name: String
  let images: Int
  let report: SpectrumReport
  let vector: Tensor<Float>
  /// The effect of a noiseless step on the whole loss on the loss of these images; nil for all images, and if not
  /// requested.
  var change: ClasswiseChange?

  var eigenvalue: Double { report.smallest.rayleighQuotient }
}

/// All measurements, before statistics.
struct AmplificationResult {
  let subject: AmplificationSubject
  /// The first directions of the rows; the others are controls.
  let directions: [AmplifiedDirection]
  let controls: Int
  let rows: [MiniBatchRow]

  /// One line per mini-batch, with the values from which the statistics of every direction are computed.
  var csv: String {
    let names = directions.map(\.name) + (0..<controls).map { "random \($0)" }
    var heading = ["batch", "samples", "loss", "gradient_norm"]
    for name in names { heading += ["plain", "normalized", "unnormalized"].map { "\($0) \(name)" } }
    if subject.takesProducts {
      for direction in directions { heading += ["curvature", "residual"].map { "\($0) \(direction.name)" } }
    }
    let lines = rows.enumerated().map { number, row in
      var cells = ["\(number)", "\(row.samples)", "\(row.loss)", "\(row.gradientNorm)"]
      for i in names.indices {
        cells += ["\(row.plain[i])", "\(row.normalized[i])", "\(row.unnormalized[i])"]
      }
      for product in row.products { cells += ["\(product.curvature)", "\(product.residual)"] }
      return cells.joined(separator: ",")
    }
    return ([heading.joined(separator: ",")] + lines).joined(separator: "\n") + "\n"
  }
}

/// The settings of a measurement of mini-batches at a checkpoint: one loss, one radius, one kind of statistics for
/// λ_min.
struct AmplificationSubject {
  let network: Network
  let loss: any ClassificationLoss
  let lossName: String
  let state: TrainingState<Float>
  let set: any LabeledImages
  let normalization: Normalization
  let rho: Double
  let seed: UInt64
  let takesProducts: Bool
  let takesChanges: Bool

  private var objective: Objective<Float> { Objective(network: network, loss: loss) }

  /// Measures the directions, then the mini-batches, then the step on the whole loss.
  func measure(
    _ chosen: [(name: String, positions: [Int])], steps: Int, batches: Int, draws: MiniBatchDraws,
    controls: Int
  ) throws -> AmplificationResult {
    let meter = ProgressMeter()
    defer { meter.clear() }
    var directions = try chosen.map { name, positions in
      try direction(name, positions, steps: steps, meter: meter)
    }
    let vectors =
      directions.map(\.vector)
      + RandomDirections.unit(Float.self, count: controls, dimension: network.layout.count, seed: seed)
    let eigenvalues = directions.map(\.eigenvalue)
    var rows: [MiniBatchRow] = []
    try draws.forEach(in: 0..<batches, of: Float.self) { number, batch in
      meter.show("mini-batches", done: number, total: batches)
      try Self.checkInterruption()
      let row = try MiniBatchRow(
        objective, at: state.parameters, statistics: state.statistics, batch: batch, rho: rho, along: vectors,
        eigenvalues: eigenvalues, products: takesProducts)
      guard row.isFinite else {
        throw ToolError.nonFinite("mini-batch \(number): a loss or gradient is not finite at ρ = \(rho)")
      }
      rows.append(row)
    }
    if takesChanges { try addChanges(to: &directions, chosen, meter: meter) }
    return AmplificationResult(subject: self, directions: directions, controls: controls, rows: rows)
  }

  private func direction(
    _ name: String, _ positions: [Int], steps: Int, meter: ProgressMeter
  ) throws -> AmplifiedDirection {
    let double = HessianOperator<Double>(
      objective: Objective(network: network, loss: loss),
      parameters: ParameterVector(
        layout: network.layout, flat: state.parameters.flat.converted(to: Double.self)),
      statistics: ParameterVector(
        layout: network.statisticsLayout, flat: state.statistics.flat.converted(to: Double.self)),
      samples: set.source(positions), normalization: normalization)
    let float = HessianOperator<Float>(
      objective: objective, parameters: state.parameters, statistics: state.statistics,
      samples: set.source(positions), normalization: normalization)
    let count = ProductCount(
      label: "λ_min of \(name)", total: steps + extremeSpectrumExtraProducts, meter: meter,
      stopIfAsked: Self.checkInterruption)
    let pairs = try extremePairs(
      of: ObservedOperator(float, onProduct: count.next),
      measuredBy: ObservedOperator(double, onProduct: count.next), steps: steps, seed: seed)
    let v = pairs.smallest.scaled(by: 1 / pairs.smallest.norm())
    return AmplifiedDirection(
      name: name, images: positions.count, report: pairs.report, vector: v.converted(to: Float.self))
  }

  /// The class-wise change of every part of the training set, from one step on the whole loss.
  private func addChanges(
    to directions: inout [AmplifiedDirection], _ chosen: [(name: String, positions: [Int])],
    meter: ProgressMeter
  ) throws {
    let parts = chosen.indices.filter { chosen[$0].positions.count < set.count }
    guard !parts.isEmpty else { return }
    let all = set.source(Array(0..<set.count), of: Float.self)
    let w = state.parameters.flat
    func gradient(_ samples: ImageSource<Float>) -> (Tensor<Float>) throws -> Tensor<Float> {
      { point in
        try Self.checkInterruption()
        return try objective.evaluate(
          at: ParameterVector(layout: network.layout, flat: point), statistics: state.statistics,
          over: samples
        ).gradient.flat
      }
    }
    meter.show("step on the whole loss", done: 0, total: parts.count)
    let step = try WholeStep(from: w, rho: rho, gradient: gradient(all))
    for (done, place) in parts.enumerated() {
      meter.show("class-wise change", done: done, total: parts.count)
      try Self.checkInterruption()
      let samples = set.source(chosen[place].positions, of: Float.self)
      let v = directions[place].vector
      let product = try objective.hessianVectorProduct(
        at: state.parameters, statistics: state.statistics,
        direction: ParameterVector(layout: network.layout, flat: v), over: all)
      directions[place].change = try ClasswiseChange(
        of: step, from: w, along: v, eigenvalue: directions[place].eigenvalue,
        share: loss.totalWeight(of: samples.labels) / loss.totalWeight(of: all.labels),
        curvatureOfWhole: v.dot(product.flat), gradient: gradient(samples))
    }
  }

  private static func checkInterruption() throws {
    if Interruption.isRequested {
      throw ToolError.interrupted("interrupted; a measurement keeps nothing: run the command again")
    }
  }
}
