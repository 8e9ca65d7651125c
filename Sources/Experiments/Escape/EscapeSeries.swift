/// Where a rule stood before a step, and what it did there.
package struct EscapePoint: Hashable, Sendable {
  /// Steps taken so far.
  package let step: Int
  /// p = ⟨v, w − w₀⟩.
  package let position: Double
  /// ‖w − w₀‖.
  package let distance: Double
  /// ‖w − w₀ − pv‖.
  package let perpendicular: Double
  /// The loss of the selection, where it was measured.
  package let loss: Double?
  /// The step from here; nil after the last one.
  package internal(set) var move: EscapeMove?
}

/// One step of a rule as it is recorded and as the local quadratic has it.
package struct EscapeMove: Hashable, Sendable {
  /// The mini-batch's loss at the first query.
  package let batchLoss: Double
  /// ‖g‖ at it.
  package let gradientNorm: Double
  /// The radius asked for.
  package let rho: Double
  /// ‖ε‖.
  package let perturbationNorm: Double
  /// ⟨v, g⟩ where the rule stood; nil for rules that never ask there, and for those without a model.
  package let slope: Double?
  /// ⟨v, ·⟩ of the gradient descended along, before noise; nil without a model.
  package let descent: Double?
  /// The drive of the recurrence; nil without a model.
  package let drive: EscapeDrive?
}

/// One rule's way from the saddle, beside the recurrence's.
package struct EscapeSeries: Hashable, Sendable {
  /// The rule's name.
  package let name: String
  /// The start and one point for each step taken.
  package let points: [EscapePoint]
  /// vᵀHv of the parts of the loss descended; empty without a model.
  package let curvatures: [Double]
  /// The recurrence of the settings; nil without a model.
  package let recurrence: EscapeRecurrence?
  /// The step at which a loss or gradient was no finite number; the series ends before it.
  package let divergedAt: Int?

  /// The projections p₀, p₁, ….
  package var positions: [Double] { points.map(\.position) }

  /// The recurrence's p at the same steps, from the same start; nil without a model.
  package var predicted: [Double]? { prediction { $0 } }

  /// The same with curvature left out: the gradients of w₀ alone.
  package var predictedWithoutCurvature: [Double]? { prediction(\.withoutCurvature) }

  /// The long-run factor of |p| a step at the mean radii; nil without a model.
  package var growth: Double? {
    recurrence?.growth(coefficient: zip(curvatures, meanRadii).reduce(0) { $0 + $1.0 * (1 + $1.1 * $1.0) })
  }

  /// The first step with |p| ≥ `threshold`; nil if there is none.
  package func escape(beyond threshold: Double) -> Int? {
    points.first { $0.position.magnitude >= threshold }?.step
  }

  /// The first step measured at which the selection's loss is at most `level`; nil if there is none.
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

  /// √(Σ(p̂ − p)²/Σ(p − p₀)²), 0 where the recurrence says it all, 1 where it says no more than that nothing moves.
  package var misfit: Double? { predicted.flatMap(misfit) }

  /// The same of the prediction without curvature, which the recurrence has to beat to have said anything of it.
  package var misfitWithoutCurvature: Double? { predictedWithoutCurvature.flatMap(misfit) }

  /// √(Σ(D̂ − D)²/ΣD²) over the steps: D the measured component along v of the gradient descended along, D̂ that of the
  /// local quadratic at the measured p. It tests one step at a time what `misfit` tests in sum.
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
