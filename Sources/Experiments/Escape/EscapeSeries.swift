/// The position of a rule before a step, and the step from there.
package struct EscapePoint: Hashable, Sendable {
  /// Steps taken so far.
  package let step: Int
  /// p = ⟨v, w − w₀⟩.
  package let position: Double
  /// ‖w − w₀‖.
  package let distance: Double
  /// ‖w − w₀ − pv‖.
  package let perpendicular: Double
  /// The loss of the selection; nil if it was not measured.
  package let loss: Double?
  /// The step from here; nil after the last one.
  package internal(set) var move: EscapeMove?
}

/// One step of a rule, as recorded and as described by the local quadratic.
package struct EscapeMove: Hashable, Sendable {
  /// The mini-batch's loss at the first query.
  package let batchLoss: Double
  /// ‖g‖ at it.
  package let gradientNorm: Double
  /// The requested radius.
  package let rho: Double
  /// ‖ε‖.
  package let perturbationNorm: Double
  /// ⟨v, g⟩ at the rule's position; nil for rules that do not query it, and for rules without a model.
  package let slope: Double?
  /// ⟨v, ·⟩ of the descent gradient, before noise; nil without a model.
  package let descent: Double?
  /// The drive of the recurrence; nil without a model.
  package let drive: EscapeDrive?
}

/// The path of one rule from the saddle, with the recurrence's prediction.
package struct EscapeSeries: Hashable, Sendable {
  /// The rule's name.
  package let name: String
  /// The start and one point for each step taken.
  package let points: [EscapePoint]
  /// vᵀHv of the parts of the loss that is descended; empty without a model.
  package let curvatures: [Double]
  /// The recurrence of the settings; nil without a model.
  package let recurrence: EscapeRecurrence?
  /// The step at which a loss or gradient was not finite; the series ends before it.
  package let divergedAt: Int?

  /// The projections p₀, p₁, ….
  package var positions: [Double] { points.map(\.position) }

  /// The recurrence's p at the same steps, from the same start; nil without a model.
  package var predicted: [Double]? { prediction { $0 } }

  /// The prediction without curvature, from the gradients at w₀ only.
  package var predictedWithoutCurvature: [Double]? { prediction(\.withoutCurvature) }

  /// The long-run factor of |p| per step at the mean radii; nil without a model.
  package var growth: Double? {
    recurrence?.growth(coefficient: zip(curvatures, meanRadii).reduce(0) { $0 + $1.0 * (1 + $1.1 * $1.0) })
  }

  /// The first step with |p| ≥ `threshold`; nil if there is none.
  package func escape(beyond threshold: Double) -> Int? {
    points.first { $0.position.magnitude >= threshold }?.step
  }

  /// The first measured step at which the selection's loss is at most `level`; nil if there is none.
  package func escape(below level: Double) -> Int? {
    points.first { point in point.loss.map { $0 <= level } ?? false }?.step
  }

  /// The mean radius r of each part over the steps taken.
  package var meanRadii: [Double] {
    let drives = points.compactMap { $0.move?.drive }
    return curvatures.indices.map { part in
      drives.map { $0.parts[part].radius }.reduce(0, +) / Double(max(drives.count, 1))
    }
  }

  /// √(Σ(p̂ − p)²/Σ(p − p₀)²), which is 0 for a perfect prediction and 1 for the prediction that nothing moves.
  package var misfit: Double? { predicted.flatMap(misfit) }

  /// The misfit of the prediction without curvature. The recurrence says something about curvature only if its misfit
  /// is smaller.
  package var misfitWithoutCurvature: Double? { predictedWithoutCurvature.flatMap(misfit) }

  /// √(Σ(D̂ − D)²/ΣD²) over the steps: D is the measured component along v of the descent gradient, D̂ is the local
  /// quadratic's at the measured p. It tests single steps, while `misfit` tests the whole path.
  package var closureError: Double? {
    var (squares, total, count) = (0.0, 0.0, 0)
    for point in points {
      guard let move = point.move, let drive = move.drive, let descent = move.descent else { continue }
      let difference = drive.gradient(at: point.position) - drive.gradientNoise - descent
      squares += difference * difference
      total += descent * descent
      count += 1
    }
    return count > 0 ? (squares / total).squareRoot() : nil
  }

  private func prediction(_ change: (EscapeDrive) -> EscapeDrive) -> [Double]? {
    recurrence?.positions(
      from: points[0].position, drives: points.compactMap { $0.move?.drive }.map(change))
  }

  private func misfit(of prediction: [Double]) -> Double? {
    guard let start = points.first?.position, points.count > 1 else { return nil }
    var (squares, total) = (0.0, 0.0)
    for (point, value) in zip(points, prediction) {
      squares += (value - point.position) * (value - point.position)
      total += (point.position - start) * (point.position - start)
    }
    return (squares / total).squareRoot()
  }
}
