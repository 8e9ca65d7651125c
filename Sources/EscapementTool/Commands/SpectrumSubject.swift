import Artifacts
import Calculus
import Curvature
import Foundation
import Kernels
import LongTail
import Networks
import Training
import Verification

/// A spectrum with what was asked besides.
struct SpectrumResult {
  let name: String
  let samples: Int
  let report: SpectrumReport
  let saddle: SaddleTest?
  let part: ClassInLoss?
  let split: CurvatureSplit?
}

/// What spectra of a checkpoint are taken of: one loss, one mode of batch norm, one kind of pictures.
struct SpectrumSubject {
  let network: Network
  let loss: any ClassificationLoss
  let lossName: String
  let state: TrainingState<Float>
  let set: ImageSet
  let transform: PictureTransform
  let normalization: Normalization

  /// The spectrum over the pictures at `positions`.
  func measure(
    _ name: String, _ positions: [Int], steps: Int, seed: UInt64, probe: UInt64, saddle: Bool,
    landscape: (file: URL, radius: Double)? = nil
  ) throws -> SpectrumResult {
    let meter = ProgressMeter()
    defer { meter.clear() }
    let parameters = ParameterVector<Double>(
      layout: network.layout, flat: state.parameters.flat.converted(to: Double.self))
    let statistics = ParameterVector<Double>(
      layout: network.statisticsLayout, flat: state.statistics.flat.converted(to: Double.self))
    let samples = set.source(positions, of: Double.self, transform: transform)
    let double = HessianOperator<Double>(
      objective: Objective(network: network, loss: loss), parameters: parameters, statistics: statistics,
      samples: samples, normalization: normalization)
    let float = HessianOperator<Float>(
      objective: Objective(network: network, loss: loss), parameters: state.parameters,
      statistics: state.statistics, samples: set.source(positions, of: Float.self, transform: transform),
      normalization: normalization)
    let pairs = try extremePairs(of: float, measuredBy: double, steps: steps, seed: seed, probe: probe) {
      progress in
      meter.show(name, done: progress.step, total: progress.steps)
      if Interruption.isRequested {
        throw ToolError.interrupted("interrupted; a spectrum keeps nothing: run the command again")
      }
    }
    if let landscape {
      let values = try Landscape(
        objective: double.objective, parameters: parameters, statistics: statistics, samples: samples,
        normalization: normalization, smallest: pairs.smallest, largest: pairs.largest,
        radius: landscape.radius
      ) { done, total in
        meter.show("landscape of \(name)", done: done, total: total)
        if Interruption.isRequested {
          throw ToolError.interrupted("interrupted; a landscape keeps nothing: run the command again")
        }
      }
      let title = "\(name): \(lossName), \(positions.count) pictures"
      try AtomicFile.write(Data(LandscapeFigure.svg(values, title: title).utf8), to: landscape.file)
    }
    guard saddle else {
      return SpectrumResult(
        name: name, samples: positions.count, report: pairs.report, saddle: nil, part: nil,
        split: nil)
    }
    let test = try SaddleTest(
      objective: double.objective, parameters: parameters, statistics: statistics, samples: samples,
      normalization: normalization, direction: pairs.smallest)
    let all = set.source(Array(0..<set.count), of: Float.self, transform: transform)
    let part = try ClassInLoss(
      objective: float.objective, parameters: state.parameters, statistics: state.statistics,
      samples: float.samples, within: all, normalization: normalization, direction: pairs.smallest)
    let split = try CurvatureSplit(
      along: pairs.smallest, of: double,
      norm: max(pairs.report.smallest.ritzValue.magnitude, pairs.report.largest.ritzValue.magnitude))
    return SpectrumResult(
      name: name, samples: positions.count, report: pairs.report, saddle: test, part: part, split: split)
  }

  /// Tables with what they are of.
  func text(of results: [SpectrumResult]) -> String {
    var table = TextTable(
      heading: [
        "data", "pictures", "steps", "λ_min", "residual", "λ_min ≥ *", "λ_max", "residual", "λ_min/λ_max",
        "asymmetry", "drift", "orthogonality", "Σ weights − 1",
      ], rightAligned: Set(1...12))
    table.rows = results.map { result in
      let r = result.report
      return [
        result.name, String(result.samples), String(r.steps), Self.number(r.smallest.rayleighQuotient),
        Self.number(r.smallest.residual),
        r.smallestLowerLimit.map(Self.number) ?? "no bound", Self.number(r.largest.rayleighQuotient),
        Self.number(r.largest.residual),
        Self.number(r.smallest.rayleighQuotient / r.largest.rayleighQuotient),
        Self.number(r.asymmetry), Self.number(r.drift), Self.number(r.orthogonalityLoss),
        Self.number(r.weightSum - 1),
      ]
    }
    let failure = results.first?.report.probabilityBound.failureProbability ?? 0
    let saddles = saddleTable(results)
    return """
      loss: \(lossName); batch norm: \(normalization == .batch ? "statistics of these pictures" : "running statistics"); \
      pictures: \(transform == .plain ? "as they are" : "cropped and flipped once")
      \(table.text)
      * but for a probability of \(2 * failure) over the start vector\(saddles)
      """
  }

  private func saddleTable(_ results: [SpectrumResult]) -> String {
    var table = TextTable(
      heading: ["data", "loss", "‖∇f‖", "λ", "λ‖w‖²", "saddle for L₂ <", "L₂ ≥ along v", "saddle"]
        + SaddleTest.distances.map { "finite, t = \($0)" } + ["vᵀGv", "vᵀRv", "share", "of ∇F", "vᵀH_F v"],
      rightAligned: Set(1...16))
    for result in results {
      guard let test = result.saddle, let part = result.part, let split = result.split else { continue }
      table.rows.append(
        [
          result.name, Self.number(test.loss), Self.number(test.gradientNorm), Self.number(test.curvature),
          Self.number(test.scaleInvariantCurvature), Self.number(test.largestLipschitzConstant),
          Self.number(test.measuredLipschitzConstant), test.isSaddle ? "yes" : "no",
        ] + test.excursions.map { Self.number($0.finiteCurvature) } + [
          Self.number(split.gaussNewton), Self.number(split.remainder),
          Self.number(part.share), Self.number(part.gradientShare), Self.number(part.curvatureOfWhole),
        ])
    }
    return table.rows.isEmpty ? "" : "\n\n" + table.text
  }

  /// Five significant digits, in scientific notation outside 1e-3…1e5.
  private static func number(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return "\(value)" }
    return String(format: "%.5g", value)
  }

  /// Everything measured; α and β let a density be redrawn.
  func json(of result: SpectrumResult, step: Int) -> JSON {
    let r = result.report
    return [
      "data": .string(result.name), "samples": .integer(result.samples), "checkpoint_step": .integer(step),
      "loss": .string(lossName), "normalization": .string(normalization.rawValue),
      "augmented": .bool(transform != .plain), "dtype": .string(r.elementType),
      "dimension": .integer(r.dimension), "seed": .string(String(r.seed)), "probe": .integer(Int(r.probe)),
      "steps": .integer(r.steps), "exhausted": .bool(r.exhausted), "alpha": Self.numbers(r.alpha),
      "beta": Self.numbers(r.beta), "ritz_values": Self.numbers(r.ritzValues),
      "weights": Self.numbers(r.weights), "weight_sum": .number(r.weightSum),
      "smallest": Self.json(r.smallest), "largest": Self.json(r.largest),
      "smallest_lower_limit": r.smallestLowerLimit.map { .number($0) } ?? .null,
      "largest_upper_limit": r.largestUpperLimit.map { .number($0) } ?? .null,
      "failure_probability": .number(2 * r.probabilityBound.failureProbability),
      "asymmetry": .number(r.asymmetry), "drift": .number(r.drift),
      "orthogonality_loss": .number(r.orthogonalityLoss), "products": .integer(r.products),
      "saddle": result.saddle.map(Self.json) ?? .null, "in_all": result.part.map(Self.json) ?? .null,
      "split": result.split.map(Self.json) ?? .null,
    ]
  }

  private static func numbers(_ values: [Double]) -> JSON { .array(values.map { .number($0) }) }

  private static func json(_ c: RitzCertificate) -> JSON {
    [
      "ritz": .number(c.ritzValue), "rayleigh": .number(c.rayleighQuotient), "residual": .number(c.residual),
      "rounding": .number(c.rounding), "rounding_is_bound": .bool(c.roundingIsBound),
    ]
  }

  private static func json(_ test: SaddleTest) -> JSON {
    [
      "loss": .number(test.loss), "gradient_norm": .number(test.gradientNorm),
      "curvature": .number(test.curvature), "slope": .number(test.slope),
      "squared_norm": .number(test.squaredNorm),
      "scale_invariant_curvature": .number(test.scaleInvariantCurvature),
      "largest_lipschitz_constant": .number(test.largestLipschitzConstant),
      "measured_lipschitz_constant": .number(test.measuredLipschitzConstant),
      "is_saddle": .bool(test.isSaddle),
      "excursions": .array(
        test.excursions.map {
          [
            "distance": .number($0.distance), "finite_curvature": .number($0.finiteCurvature),
            "rounding": .number($0.rounding), "curvature_slope": .number($0.curvatureSlope),
          ]
        }),
    ]
  }

  private static func json(_ split: CurvatureSplit) -> JSON {
    [
      "gauss_newton": .number(split.gaussNewton), "remainder": .number(split.remainder),
      "remainder_share": .number(split.remainderShare), "defect": .number(split.defect),
      "rounding": .number(split.rounding), "adds": .bool(split.adds),
    ]
  }

  private static func json(_ part: ClassInLoss) -> JSON {
    [
      "share": .number(part.share), "gradient_share": .number(part.gradientShare),
      "curvature_of_whole": .number(part.curvatureOfWhole),
    ]
  }
}
