import EscapementOptimizers
import EscapementArtifacts
import EscapementCalculus
import EscapementCurvature
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementTraining

/// Extreme Hessian eigenvalues of single classes, and of all classes, during training. The NeurIPS 2022 poster draws
/// |λ_min/λ_max| over epochs.
///
/// Each spectrum is of the plain mean cross-entropy over a class's training images (or over all), unaugmented and
/// unchanged, under running statistics. It is computed by Lanczos in Float from one Gaussian start vector. The
/// published code draws new crops and flips in each product.
package struct ClassSpectra: Hashable, Sendable {
  /// The name of the loss in records: without class weights and without weight decay.
  package static let loss = "plain mean cross-entropy"
  /// The name in records of the statistics that batch norm uses.
  package static let normalization = "running"

  /// Distances along the eigenvector of λ_min over which the slope of the curvature is measured. `SaddleTest.distances`
  /// begin at 10⁻³, which is too small here: Float's rounding of a product is about 10⁻⁵ of λ_max, and the slope
  /// contains it divided by the distance.
  package static let distances = [1e-2, 1e-1, 1]
  /// The number of Lanczos steps of the published code.
  package static let defaultSteps = 100

  /// The losses that are measured, and the epochs after which they are.
  package let plan: SpectrumPlan
  /// Lanczos steps; the published code's 100 by default.
  package let steps: Int
  /// The largest number of images of a class; the first ones are used. The loss over all classes uses every image.
  package let samples: Int

  /// Spectra of classes below `count`. Throws `HyperparameterError` for a class out of range, or a number below 1.
  package init(
    _ plan: SpectrumPlan, of count: Int, steps: Int = defaultSteps, samples: Int = .max
  ) throws {
    for (name, value) in [("Lanczos steps", steps), ("images of a class", samples)] {
      guard value >= 1 else {
        throw HyperparameterError(name: name, value: "\(value)", expected: "at least 1")
      }
    }
    guard plan.subjects.allSatisfy({ $0.label.map { $0 < count } ?? true }) else {
      throw HyperparameterError(
        name: "classes of spectra", value: plan.text, expected: "classes of 0 to \(count - 1)")
    }
    self.plan = plan
    self.steps = steps
    self.samples = samples
  }

  /// The largest number of products and losses of one class.
  private var evaluations: Int {
    steps + extremeSpectrumExtraProducts + SaddleTest.evaluations(atDistances: Self.distances.count)
  }

  /// The JSON for `run.json`.
  package var json: JSON {
    [
      "spectra": .string(plan.text), "steps": .integer(steps),
      "samples": samples == .max ? .null : .integer(samples),
    ]
  }

  /// Reads what `json` wrote.
  package init(_ record: JSONCursor, of count: Int) throws {
    try self.init(
      try SpectrumPlan(parsing: try record.field("spectra").string()), of: count,
      steps: try record.field("steps").integer(),
      samples: try record.optionalField("samples")?.integer() ?? .max)
  }

  /// The measurement on a training set. `onEvaluation` is called before each product with a Hessian and each loss, with
  /// the class (nil: all), the number of those done for it and the largest number there will be. It may show progress
  /// and may throw to interrupt.
  package func measurement(
    on set: any LabeledImages, seed: UInt64,
    onEvaluation: @escaping @Sendable (_ label: Int?, _ done: Int, _ total: Int) throws -> Void =
      { _, _, _ in }
  ) -> EpochMeasurement<Float> {
    EpochMeasurement(record: json) { epoch, epochs, network, state, parts in
      let due = plan.subjects.filter { $0.isDue(after: epoch, of: epochs) }.map(\.label)
      if due.isEmpty { return nil }
      let events = try due.map { label in
        let name = label.map { "class \($0)" } ?? "all classes"
        if let kept = parts[name], let event = try? SpectrumEvent(JSONCursor(kept, file: name)) {
          return event
        }
        let clock = ContinuousClock()
        let started = clock.now
        var done = 0
        let row = try spectrum(of: label, in: set, network, state, seed: seed) {
          try onEvaluation(label, done, evaluations)
          done += 1
        }
        let event = SpectrumEvent(
          loss: Self.loss, normalization: Self.normalization, rows: [row],
          seconds: started.duration(to: clock.now) / .seconds(1))
        try parts.keep(.object(event.members), as: name)
        return event
      }
      return SpectrumEvent(
        loss: Self.loss, normalization: Self.normalization, rows: events.flatMap(\.rows),
        seconds: events.compactMap(\.seconds).reduce(0, +)
      ).members
    }
  }

  private func spectrum(
    of label: Int?, in set: any LabeledImages, _ network: Network, _ state: TrainingState<Float>,
    seed: UInt64,
    onEvaluation: @escaping () throws -> Void
  ) throws -> SpectrumEvent.Row {
    let positions = label.map { Array(set.positions(ofClass: $0).prefix(samples)) } ?? Array(0..<set.count)
    let hessian = HessianOperator<Float>(
      objective: Objective(network: network), parameters: state.parameters, statistics: state.statistics,
      samples: set.source(positions))
    let observed = ObservedOperator(hessian, onProduct: onEvaluation)
    let found = try extremePairs(of: observed, measuredBy: observed, steps: steps, seed: seed)
    let report = found.report
    let test = try SaddleTest(
      objective: hessian.objective, parameters: state.parameters, statistics: state.statistics,
      samples: hessian.samples, direction: found.smallest.converted(to: Float.self),
      distances: Self.distances, onEvaluation: onEvaluation)
    let quadrature = GaussQuadrature(nodes: report.ritzValues, weights: report.weights)
    let (smallest, largest) = (report.smallest, report.largest)
    func end(_ pair: RitzCertificate) -> SpectrumEvent.End {
      SpectrumEvent.End(value: pair.rayleighQuotient, residual: pair.residual, rounding: pair.rounding)
    }
    return SpectrumEvent.Row(
      label: label, samples: positions.count, steps: report.steps, smallest: end(smallest),
      largest: end(largest), ratio: RitzCertificate.ratio(smallest: smallest, largest: largest),
      loss: test.loss, gradientNorm: test.gradientNorm, curvatureSlope: test.measuredLipschitzConstant,
      negativeMass: NegativeMass([quadrature]).masses[0], lowerLimit: report.smallestLowerLimit,
      upperLimit: report.largestUpperLimit,
      // The probability covers both limits away from the Ritz values, as in `spectrum --json`.
      failureProbability: 2 * report.probabilityBound.failureProbability, probes: 1,
      asymmetry: report.asymmetry, drift: report.drift, orthogonalityLoss: report.orthogonalityLoss)
  }
}
