import EscapementArtifacts

/// An escape experiment's results and their subject, for files.
package struct EscapeReport: Sendable {
  /// The selection's name: "class 9".
  package let selection: String
  /// The number of its images.
  package let samples: Int
  /// λ, the selection's curvature along v.
  package let eigenvalue: Double
  /// f(w₀).
  package let loss: Double
  /// The |p| from which a rule counts as escaped.
  package let threshold: Double
  /// The decrease of the selection's loss at which a rule has escaped.
  package let drop: Double
  /// The series of the rules.
  package let series: [EscapeSeries]
  /// The largest error of a prediction (`EscapeSeries.misfit`) that counts as consistent. A choice of this package.
  package static let consistentMisfit = 0.25

  /// Results of rules from one saddle.
  package init(
    selection: String, samples: Int, saddle: SaddleDirection, threshold: Double, drop: Double,
    series: [EscapeSeries]
  ) {
    self.init(
      selection: selection, samples: samples, eigenvalue: saddle.eigenvalue, loss: saddle.loss,
      threshold: threshold, drop: drop, series: series)
  }

  /// A report from its numbers.
  init(
    selection: String, samples: Int, eigenvalue: Double, loss: Double, threshold: Double, drop: Double,
    series: [EscapeSeries]
  ) {
    self.selection = selection
    self.samples = samples
    self.eigenvalue = eigenvalue
    self.loss = loss
    self.threshold = threshold
    self.drop = drop
    self.series = series
  }

  /// Whether a rule's path is consistent with the recurrence; nil without a prediction.
  package static func isConsistent(_ series: EscapeSeries) -> Bool? {
    series.misfit.map { $0 <= consistentMisfit }
  }

  /// One line per rule and step; cells without a measurement or prediction are empty.
  package var csv: String {
    let heading =
      "rule,step,position,predicted,distance,perpendicular,selection_loss,batch_loss,gradient_norm,rho,"
      + "perturbation_norm,slope,descent"
    var lines = [heading]
    for rule in series {
      let predicted = rule.predicted
      for (index, point) in rule.points.enumerated() {
        let move = point.move
        let cells: [Double?] = [
          point.position, predicted?[index], point.distance, point.perpendicular, point.loss,
          move?.batchLoss, move?.gradientNorm, move?.rho, move?.perturbationNorm, move?.slope, move?.descent,
        ]
        lines.append(
          ([rule.name, String(point.step)] + cells.map { $0?.description ?? "" }).joined(separator: ","))
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The rules as JSON: summaries and all steps.
  package var json: JSON { .array(series.map(json)) }

  private func json(_ rule: EscapeSeries) -> JSON {
    [
      "rule": .string(rule.name), "diverged_at": .optional(rule.divergedAt),
      "escape_step_by_projection": rule.escape(beyond: threshold).map { .integer($0) } ?? .null,
      "escape_step_by_loss": rule.escape(below: loss - drop).map { .integer($0) } ?? .null,
      "curvatures": Self.numbers(rule.curvatures), "mean_radii": Self.numbers(rule.meanRadii),
      "growth": Self.number(rule.growth), "misfit": Self.number(rule.misfit),
      "misfit_without_curvature": Self.number(rule.misfitWithoutCurvature),
      "closure_error": Self.number(rule.closureError),
      "consistent": Self.isConsistent(rule).map { .bool($0) } ?? .null,
      "positions": Self.numbers(rule.positions),
      "predicted": rule.predicted.map(Self.numbers) ?? .null,
      "predicted_without_curvature": rule.predictedWithoutCurvature.map(Self.numbers) ?? .null,
      "distances": Self.numbers(rule.points.map(\.distance)),
      "perpendiculars": Self.numbers(rule.points.map(\.perpendicular)),
      "losses": .array(rule.points.map { Self.number($0.loss) }),
      "moves": .array(rule.points.compactMap { $0.move.map(Self.json) }),
    ]
  }

  private static func json(_ move: EscapeMove) -> JSON {
    [
      "batch_loss": .number(move.batchLoss), "gradient_norm": .number(move.gradientNorm),
      "rho": .number(move.rho), "perturbation_norm": .number(move.perturbationNorm),
      "slope": number(move.slope), "descent": number(move.descent),
      "slopes_at_start": numbers(move.drive?.parts.map(\.slope) ?? []),
      "radii": numbers(move.drive?.parts.map(\.radius) ?? []),
      "noise": number(move.drive.map { $0.gradientNoise + $0.weightNoise }),
    ]
  }

  private static func number(_ value: Double?) -> JSON { .optional(value) }

  private static func numbers(_ values: [Double]) -> JSON { .array(values.map { .number($0) }) }
}
