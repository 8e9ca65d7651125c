import EscapementCalculus
import EscapementCurvature
import EscapementKernels
import EscapementLongTail
import EscapementNetworks

/// The direction of most negative curvature of a loss over some images, with the quantities that decide whether the
/// point is a saddle.
///
/// It is computed by Lanczos in Float with full reorthogonalization under running statistics; its residual is measured
/// in Double. Its sign is chosen such that the loss decreases along it to first order.
package struct SaddleDirection: Sendable {
  /// v, of unit length.
  package let vector: Tensor<Double>
  /// λ = vᵀHv of the selection's loss, in Double.
  package let eigenvalue: Double
  /// ‖Hv − λv‖, in Double.
  package let residual: Double
  /// The largest eigenvalue of the same computation.
  package let largest: Double
  /// f(w₀).
  package let loss: Double
  /// ‖∇f(w₀)‖.
  package let gradientNorm: Double
  /// ⟨v, ∇f(w₀)⟩ ≤ 0.
  package let slope: Double
  /// The number of Lanczos steps taken.
  package let steps: Int

  /// Computes the direction with up to `steps` Lanczos steps; `onProduct` is called before each product. It may
  /// show progress and may throw to stop.
  package init(
    network: Network, loss: any ClassificationLoss, parameters: ParameterVector<Float>,
    statistics: ParameterVector<Float>, images: any LabeledImages, positions: [Int], steps: Int = 60,
    seed: UInt64, onProduct: @escaping () throws -> Void = {}
  ) throws {
    let double = HessianOperator<Double>(
      objective: Objective(network: network, loss: loss),
      parameters: ParameterVector(
        layout: parameters.layout, flat: parameters.flat.converted(to: Double.self)),
      statistics: ParameterVector(
        layout: statistics.layout, flat: statistics.flat.converted(to: Double.self)),
      samples: images.source(positions, of: Double.self))
    let float = HessianOperator<Float>(
      objective: Objective(network: network, loss: loss), parameters: parameters, statistics: statistics,
      samples: images.source(positions, of: Float.self))
    let pairs = try extremePairs(
      of: ObservedOperator(float, onProduct: onProduct),
      measuredBy: ObservedOperator(double, onProduct: onProduct), steps: steps, seed: seed)
    let here = try double.objective.evaluate(
      at: double.parameters, statistics: double.statistics, over: double.samples)
    let unit = pairs.smallest.scaled(by: 1 / pairs.smallest.norm())
    let slope = here.gradient.flat.dot(unit)
    vector = slope > 0 ? unit.map(.negate) : unit
    self.slope = -slope.magnitude
    eigenvalue = pairs.report.smallest.rayleighQuotient
    residual = pairs.report.smallest.residual
    largest = pairs.report.largest.rayleighQuotient
    self.loss = here.loss
    gradientNorm = here.gradient.flat.norm()
    self.steps = pairs.report.steps
  }
}
