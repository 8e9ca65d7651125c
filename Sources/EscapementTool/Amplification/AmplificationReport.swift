import EscapementExperiments
import EscapementStatistics
import EscapementArtifacts
import EscapementDrawing
import EscapementCurvature
import Foundation
import EscapementKernels
import EscapementNetworks
import EscapementTraining
import EscapementVerification

/// Statistics of mini-batches along each direction, as text and as JSON.
struct AmplificationReport {
  private let result: AmplificationResult
  private let step: Int
  private let batchSize: Int
  private let isAugmented: Bool
  private let resamples: Int
  private let statistics: [Statistics]
  private let controls: [NegativeCurvatureNoise]

  /// The statistics of one direction.
  private struct Statistics {
    let direction: AmplifiedDirection
    let shares: AmplificationShares
    let noise: NegativeCurvatureNoise
    /// The factors, by the name of the curvature used by the theory.
    let factors: [(curvature: String, factors: AscentFactors)]
    let products: [MiniBatchProduct]
  }

  init(
    _ result: AmplificationResult, step: Int, batchSize: Int, isAugmented: Bool, bootstrap: Bootstrap
  ) {
    self.result = result
    self.step = step
    self.batchSize = batchSize
    self.isAugmented = isAugmented
    resamples = bootstrap.resamples
    let (rows, rho) = (result.rows, result.subject.rho)
    let dimension = result.subject.network.layout.count
    func noise(_ direction: Int) -> NegativeCurvatureNoise {
      NegativeCurvatureNoise(of: rows, direction: direction, dimension: dimension, bootstrap: bootstrap)
    }
    statistics = result.directions.enumerated().map { place, direction in
      let products = rows.compactMap { place < $0.products.count ? $0.products[place] : nil }
      var curvatures = [("λ", direction.eigenvalue)]
      if let change = direction.change { curvatures.append(("vᵀH_F v", change.curvatureOfWhole)) }
      if !products.isEmpty {
        curvatures.append(("mean vᵀH_b v", MeanEstimate(products.map(\.curvature)).mean))
      }
      return Statistics(
        direction: direction,
        shares: AmplificationShares(of: rows, direction: place, rho: rho, curvature: direction.eigenvalue),
        noise: noise(place),
        factors: Ascent.allCases.flatMap { ascent in
          curvatures.map { name, curvature in
            (
              name,
              AscentFactors(
                ascent, of: rows, direction: place, rho: rho, curvature: curvature, bootstrap: bootstrap)
            )
          }
        }, products: products)
    }
    controls = (0..<result.controls).map { noise(result.directions.count + $0) }
  }

  // MARK: Text

  /// The tables, with their subject.
  func text(in layout: TextLayout) -> String {
    let subject = result.subject
    let norms = result.rows.map(\.gradientNorm).sorted()
    let random = controls.map(\.ratio.value).sorted()
    let control =
      random.isEmpty
      ? ""
      : "\nd·E⟨u, g⟩²/E‖g‖² along \(random.count) random directions u: "
        + "\(Self.number(random[0])) to \(Self.number(random[random.count - 1])), "
        + "mean \(Self.number(random.reduce(0, +) / Double(random.count)))"
    let head = """
      loss: \(subject.lossName); checkpoint after step \(step); ρ = \(Self.number(subject.rho)); d = \(subject.network.layout.count)
      v and λ: \(subject.normalization == .batch ? "batch-norm statistics of the selected images" : "running statistics"), \
      images as they are
      mini-batches: \(result.rows.count) of up to \(batchSize) images, \
      \(isAugmented ? "cropped and flipped" : "as they are"), batch norm by their own statistics; \
      ‖g_b‖ from \(Self.number(norms[0])) to \(Self.number(norms[norms.count - 1])), median \
      \(Self.number(norms[norms.count / 2]))
      [intervals]: BCa bootstrap, 95 %, \(resamples) resamples of mini-batches
      """
    let change = changeTable.map { table in
      layout.wrapped("one step on the whole loss F, running statistics, ε = ρ∇F/‖∇F‖") + "\n"
        + table.text(in: layout)
    }
    let parts = [
      layout.wrapped(head), directionTable.text(in: layout) + layout.wrapped(control),
      factorTable.text(in: layout), productTable?.text(in: layout), change,
    ]
    return parts.compactMap(\.self).joined(separator: "\n\n")
  }

  private var directionTable: TextTable {
    var table = TextTable(
      heading: [
        "data", "images", "λ", "residual", "ρ|λ| > 2‖g‖", "ρ|λ| > ‖g‖", "grew", "turned round",
        "d·E⟨v, g⟩²/E‖g‖²", "CNC", "of the mean",
      ], rightAligned: [1, 2, 3, 4, 5, 6, 7, 8, 10])
    table.rows = statistics.map { row in
      let c = row.direction.report.smallest
      return [
        row.direction.name, String(row.direction.images), Self.number(row.direction.eigenvalue),
        Self.number(c.residual), Self.percent(row.shares.amplifying), Self.percent(row.shares.reversing),
        Self.percent(row.shares.amplified), Self.percent(row.shares.reversed), Self.text(row.noise.ratio),
        row.noise.text, Self.percent(row.noise.meanShare.value),
      ]
    }
    return table
  }

  private var factorTable: TextTable {
    var table = TextTable(
      heading: [
        "data", "ascent", "theory with", "Σ⟨v, g_SAM⟩²/Σ⟨v, g⟩²", "theory", "difference", "slope", "theory",
        "difference", "theory and measurement",
      ], rightAligned: Set(3...8), outcomes: [9], keys: 3)
    for row in statistics {
      table.rows += row.factors.map { name, f in
        [
          row.direction.name, f.ascent.rawValue, "\(name) = \(Self.number(f.curvature))", Self.text(f.ratio),
          Self.number(f.predictedRatio.value), Self.text(f.ratioExcess), Self.text(f.slope),
          Self.number(f.predictedSlope.value), Self.text(f.slopeExcess),
          f.isConsistent ? "consistent" : "not consistent",
        ]
      }
    }
    return table
  }

  private var productTable: TextTable? {
    let measured = statistics.filter { !$0.products.isEmpty }
    guard !measured.isEmpty else { return nil }
    var table = TextTable(
      heading: ["data", "λ", "mean vᵀH_b v", "± 95 %", "mean ‖H_b v − λv‖", "smallest", "over |λ|"],
      rightAligned: Set(1...6))
    table.rows = measured.map { row in
      let curvature = MeanEstimate(row.products.map(\.curvature))
      let residuals = row.products.map(\.residual)
      let mean = MeanEstimate(residuals).mean
      return [
        row.direction.name, Self.number(row.direction.eigenvalue), Self.number(curvature.mean),
        curvature.interval().map { Self.number(($0.upperBound - $0.lowerBound) / 2) } ?? "none",
        Self.number(mean), Self.number(residuals.min() ?? .nan),
        Self.number(mean / row.direction.eigenvalue.magnitude),
      ]
    }
    return table
  }

  private var changeTable: TextTable? {
    var table = TextTable(
      heading: [
        "data", "p_k", "‖∇F‖", "⟨v, ∇F⟩", "⟨v, ∇f_k⟩", "others/own", "true change", "ρλcos(v, ∇F)",
        "true factor",
        "1 + ρλp_k/‖∇F‖", "⟨v, ∇F(w + ε)⟩", "vᵀH_F v",
      ], rightAligned: Set(1...11))
    for row in statistics {
      guard let c = row.direction.change else { continue }
      table.rows.append(
        [row.direction.name]
          + [
            c.share, c.wholeNorm, c.wholeComponent, c.component, c.othersRatio, c.change, c.firstOrderChange,
            c.factor,
            c.shortFactor, c.perturbedWholeComponent, c.curvatureOfWhole,
          ].map(Self.number))
    }
    return table.rows.isEmpty ? nil : table
  }

  private static func text(_ estimate: BootstrapEstimate) -> String {
    guard let interval = estimate.interval else { return "\(number(estimate.value)) [none]" }
    return "\(number(estimate.value)) [\(number(interval.lowerBound)), \(number(interval.upperBound))]"
  }

  private static func percent(_ share: Double) -> String { String(format: "%.1f %%", 100 * share) }

  /// Four significant digits.
  private static func number(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return "\(value)" }
    return String(format: "%.4g", value)
  }

  // MARK: JSON

  /// The contents of the text, and the rows of the products.
  var json: JSON {
    let subject = result.subject
    return [
      NumericContract.key: NumericContract.current.json,
      "loss": .string(subject.lossName), "checkpoint_step": .integer(step), "rho": .number(subject.rho),
      "dimension": .integer(subject.network.layout.count), "seed": .string(String(subject.seed)),
      "normalization_of_eigenvalue": .string(subject.normalization.rawValue),
      "normalization_of_gradients": .string(Normalization.batch.rawValue),
      "batches": .integer(result.rows.count), "batch_size": .integer(batchSize),
      "augmented": .bool(isAugmented), "resamples": .integer(resamples), "confidence": .number(0.95),
      "gradient_norms": .array(result.rows.map { .number($0.gradientNorm) }),
      "random_directions": .array(controls.map { Self.json($0.ratio) }),
      "directions": .array(statistics.map(Self.json)),
    ]
  }

  private static func json(_ row: Statistics) -> JSON {
    let certificate = row.direction.report.smallest
    return [
      "data": .string(row.direction.name), "pictures": .integer(row.direction.images),
      "eigenvalue": .number(row.direction.eigenvalue), "residual": .number(certificate.residual),
      "rounding": .number(certificate.rounding), "lanczos_steps": .integer(row.direction.report.steps),
      "share_amplifying": .number(row.shares.amplifying), "share_reversing": .number(row.shares.reversing),
      "share_amplified": .number(row.shares.amplified), "share_reversed": .number(row.shares.reversed),
      "noise_ratio": json(row.noise.ratio), "noise_text": .string(row.noise.text),
      "mean_share": json(row.noise.meanShare),
      "factors": .array(
        row.factors.map { name, f in
          [
            "ascent": .string(f.ascent.rawValue), "theory_with": .string(name),
            "curvature": .number(f.curvature),
            "ratio": json(f.ratio), "theory_ratio": json(f.predictedRatio),
            "ratio_excess": json(f.ratioExcess),
            "slope": json(f.slope), "theory_slope": json(f.predictedSlope),
            "slope_excess": json(f.slopeExcess),
            "consistent": .bool(f.isConsistent),
          ]
        }),
      "products": .array(
        row.products.map { ["curvature": .number($0.curvature), "residual": .number($0.residual)] }),
      "change": row.direction.change.map(json) ?? .null,
    ]
  }

  private static func json(_ estimate: BootstrapEstimate) -> JSON {
    [
      "value": .number(estimate.value), "lower": estimate.interval.map { .number($0.lowerBound) } ?? .null,
      "upper": estimate.interval.map { .number($0.upperBound) } ?? .null,
      "standard_error": .optional(estimate.standardError),
    ]
  }

  private static func json(_ c: ClasswiseChange) -> JSON {
    [
      "share": .number(c.share), "whole_norm": .number(c.wholeNorm),
      "whole_component": .number(c.wholeComponent),
      "perturbed_whole_component": .number(c.perturbedWholeComponent), "component": .number(c.component),
      "perturbed_component": .number(c.perturbedComponent), "others_ratio": .number(c.othersRatio),
      "change": .number(c.change), "first_order_change": .number(c.firstOrderChange),
      "factor": .number(c.factor),
      "short_factor": .number(c.shortFactor), "curvature_of_whole": .number(c.curvatureOfWhole),
    ]
  }
}
