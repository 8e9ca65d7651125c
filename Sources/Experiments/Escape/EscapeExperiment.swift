import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementTraining

/// A comparison of rules from one starting point: how far each moves along one direction, and what the local quadratic
/// predicts.
///
/// Each rule begins at rest in w₀ + δ·v, and step t queries the oracle of step t, which is the same for every rule. The
/// oracle's answers must depend only on the step and the point. Radii of schedules are those of epoch 0, which is in
/// SSE-SAM's first stage.
package struct EscapeExperiment<Element: Real>: Sendable {
  /// The distance to either side of w₀ at which the curvature along v is measured. A choice of this package: ten to a
  /// hundred times what Float gradients need, and small compared with the distances at which the curvature of trained
  /// networks changes.
  package static var probeDistance: Double { 0.01 }

  /// w₀.
  package let origin: ParameterVector<Element>
  /// v, of unit length.
  package let direction: Tensor<Double>
  /// δ.
  package let offset: Double
  /// The number of steps of each rule.
  package let steps: Int
  /// η, constant.
  package let learningRate: Double
  /// The rules' momentum, which the recurrence uses.
  package let momentum: Double
  /// The rules' weight decay, which the recurrence uses.
  package let weightDecay: Double
  /// The number of steps between measurements of the selection's loss, which is also measured after the last step.
  package let measureEvery: Int
  /// The largest number of mini-batches, at evenly spaced steps, over which the mean curvature is taken.
  package let curvatureBatches: Int

  /// An experiment; the direction is divided by its length. Throws `HyperparameterError` for a number out of range.
  package init(
    origin: ParameterVector<Element>, direction: Tensor<Double>, offset: Double = 0, steps: Int,
    learningRate: Double, momentum: Double, weightDecay: Double = 0, measureEvery: Int = 5,
    curvatureBatches: Int = 10
  ) throws {
    for (name, value) in [
      ("steps", steps), ("steps between measurements", measureEvery),
      ("mini-batches for curvature", curvatureBatches),
    ] {
      guard value >= 1 else {
        throw HyperparameterError(name: name, value: "\(value)", expected: "at least 1")
      }
    }
    guard learningRate > 0, learningRate.isFinite else {
      throw HyperparameterError(
        name: "learning rate", value: "\(learningRate)", expected: "a finite number above 0")
    }
    guard offset.isFinite else {
      throw HyperparameterError(name: "offset", value: "\(offset)", expected: "a finite number")
    }
    // The base rule checks the ranges of momentum and weight decay.
    _ = try SGD<Element>(momentum: momentum, weightDecay: weightDecay)
    precondition(
      direction.count == origin.count, "a direction of \(direction.count) for \(origin.count) parameters")
    let length = direction.norm()
    precondition(length > 0 && length.isFinite, "a direction of length \(length)")
    self.origin = origin
    self.direction = direction.scaled(by: 1 / length)
    self.offset = offset
    self.steps = steps
    self.learningRate = learningRate
    self.momentum = momentum
    self.weightDecay = weightDecay
    self.measureEvery = measureEvery
    self.curvatureBatches = curvatureBatches
  }

  /// The recurrence of these settings.
  package var recurrence: EscapeRecurrence {
    EscapeRecurrence(
      learningRate: learningRate, momentum: momentum, weightDecay: weightDecay,
      origin: origin.flat.converted(to: Double.self).dot(direction))
  }

  /// The slopes at w₀ of every step's mini-batch, and the mean curvatures, for the parts that a rule queries.
  ///
  /// a = mean of ⟨v, ∇f_z(w₀ + τv) − ∇f_z(w₀ − τv)⟩/2τ: exact on a quadratic, and otherwise the mean of vᵀHv over ±τ.
  /// It uses the same mode (batch statistics, augmentation, divisors) as the rule's descent. `onStep` may throw to
  /// stop.
  package func field<Oracle: GradientOracle<Element>>(
    of parts: EscapeModel.Parts, oracle: (Int) throws -> Oracle, onStep: (Int) throws -> Void = { _ in }
  ) throws -> EscapeField {
    let (above, below) = (moved(by: Self.probeDistance), moved(by: -Self.probeDistance))
    let v = direction
    func along(_ point: ParameterVector<Element>, _ oracle: inout Oracle) throws -> [Double] {
      parts.combined(
        try parts.queries.map { part in
          try oracle.evaluate(at: point, on: part, statistics: .freeze).gradient.flat
            .converted(to: Double.self).dot(v)
        })
    }
    // The actual distance: adding τv to Float parameters rounds.
    let width = (above.flat.converted(to: Double.self) - below.flat.converted(to: Double.self)).dot(v)
    let stride = max(1, (steps + curvatureBatches - 1) / curvatureBatches)
    var slopes: [[Double]] = []
    var sums: [Double] = []
    var count = 0.0
    for step in 0..<steps {
      try onStep(step)
      var oracle = try oracle(step)
      slopes.append(try along(origin, &oracle))
      guard step.isMultiple(of: stride) else { continue }
      let difference = zip(try along(above, &oracle), try along(below, &oracle)).map { ($0 - $1) / width }
      sums = sums.isEmpty ? difference : zip(sums, difference).map { $0 + $1 }
      count += 1
    }
    return EscapeField(slopes: slopes, curvatures: sums.map { $0 / count })
  }

  /// Runs one rule. `loss` is the selection's loss; `onStep` is called at each step and may throw to stop.
  ///
  /// A loss or gradient that is not finite ends the series early. Errors of the oracle and of closures are rethrown.
  /// `model` and `field` are given together; without them nothing is predicted.
  package func run<Oracle: GradientOracle<Element>>(
    _ name: String, _ rule: any UpdateRule<Element>, theory: (model: EscapeModel, field: EscapeField)? = nil,
    oracle: (Int) throws -> Oracle, loss: (ParameterVector<Element>) throws -> Double,
    onStep: (Int) throws -> Void = { _ in }
  ) throws -> EscapeSeries {
    var rule = rule
    var parameters = moved(by: offset)
    var points: [EscapePoint] = []
    var divergedAt: Int?
    for step in 0...steps {
      let isMeasured = step.isMultiple(of: measureEvery) || step == steps
      points.append(place(parameters, step: step, loss: isMeasured ? try loss(parameters) : nil))
      guard step < steps else { break }
      try onStep(step)
      var projecting = ProjectingOracle(try oracle(step), direction: direction, at: parameters)
      do {
        let record = try rule.step(
          &parameters, oracle: &projecting,
          context: StepContext(step: step, epoch: 0, learningRate: learningRate))
        points[step].move = move(record, projecting.queries, step: step, theory: theory)
      } catch is Divergence {
        divergedAt = step
        break
      }
    }
    // The model does not describe a rule that omitted one of its parts in some step.
    let isDescribed = points.allSatisfy { $0.move.map { $0.drive != nil } ?? true }
    return EscapeSeries(
      name: name, points: points, curvatures: isDescribed ? theory?.field.curvatures ?? [] : [],
      recurrence: isDescribed && theory != nil ? recurrence : nil, divergedAt: divergedAt)
  }

  private func move(
    _ record: StepRecord, _ queries: [ProjectedQuery], step: Int,
    theory: (model: EscapeModel, field: EscapeField)?
  ) -> EscapeMove {
    let seen = theory.flatMap { PartedQueries(queries, parts: $0.model.parts) }
    var drive: EscapeDrive?
    if let theory, let seen {
      let noise = theory.model.noise(along: direction, step: step, as: Element.self)
      let parts = theory.field.curvatures.indices.map { part in
        EscapeDrive.Part(
          slope: theory.field.slopes[step][part], curvature: theory.field.curvatures[part],
          radius: seen.radii[part], shift: seen.shift)
      }
      drive = EscapeDrive(parts, gradientNoise: noise.gradient, weightNoise: noise.weights)
    }
    return EscapeMove(
      batchLoss: record.loss, gradientNorm: record.gradientNorm, rho: record.rho,
      perturbationNorm: record.perturbationNorm, slope: seen?.slope, descent: seen?.descent, drive: drive)
  }

  /// w₀ + t·v, rounded to the parameters' type; exactly w₀ at t = 0.
  private func moved(by t: Double) -> ParameterVector<Element> {
    guard t != 0 else { return origin }
    let point = origin.flat.converted(to: Double.self).addingScaled(t, direction)
    return ParameterVector(layout: origin.layout, flat: point.converted(to: Element.self))
  }

  private func place(_ parameters: ParameterVector<Element>, step: Int, loss: Double?) -> EscapePoint {
    let move = parameters.flat.converted(to: Double.self) - origin.flat.converted(to: Double.self)
    let position = move.dot(direction)
    return EscapePoint(
      step: step, position: position, distance: move.norm(),
      perpendicular: move.addingScaled(-position, direction).norm(), loss: loss, move: nil)
  }
}

/// The slopes and curvatures along v, at w₀, of the loss that is descended: the recurrence's input.
package struct EscapeField: Hashable, Sendable {
  /// ⟨v, ∇f_z(w₀)⟩ by step and part.
  package let slopes: [[Double]]
  /// The mean of vᵀHv by part.
  package let curvatures: [Double]

  /// A field from its numbers.
  package init(slopes: [[Double]], curvatures: [Double]) {
    self.slopes = slopes
    self.curvatures = curvatures
  }
}
