import Artifacts
import Calculus
import Curvature
import Kernels
import LongTail
import Networks
import Training

/// Extreme Hessian eigenvalues of single classes along training, as the NeurIPS 2022 poster draws |λ_min/λ_max| over epochs.
///
/// Each is of the plain mean cross-entropy over a class's training pictures, un-augmented and always the same, under running statistics, by
/// Lanczos in Float from one Gaussian start vector. The published code draws crops and flips anew in each product.
public struct ClassSpectra: Hashable, Sendable {
  /// Measured after every so many epochs, the first and the last.
  public let every: Int
  /// The classes, ascending.
  public let classes: [Int]
  /// Lanczos steps; the published code's 100 by default.
  public let steps: Int
  /// At most this many pictures of a class, the first ones.
  public let samples: Int

  /// Spectra of classes below `count`. Throws `HyperparameterError` for a class that is none or twice there, or a number below 1.
  public init(every: Int, classes: [Int], of count: Int, steps: Int = 100, samples: Int = .max) throws {
    for (name, value) in [
      ("spectrum interval", every), ("Lanczos steps", steps), ("pictures of a class", samples),
    ] {
      guard value >= 1 else {
        throw HyperparameterError(name: name, value: "\(value)", expected: "at least 1")
      }
    }
    let sorted = classes.sorted()
    guard !classes.isEmpty, sorted.allSatisfy({ (0..<count).contains($0) }),
      Set(classes).count == classes.count
    else {
      throw HyperparameterError(
        name: "classes of spectra", value: "\(classes)", expected: "different ones of 0 to \(count - 1)")
    }
    self.every = every
    self.classes = sorted
    self.steps = steps
    self.samples = samples
  }

  /// For `run.json`.
  public var json: JSON {
    [
      "every": .integer(every), "classes": .array(classes.map { .integer($0) }), "steps": .integer(steps),
      "samples": samples == .max ? .null : .integer(samples),
    ]
  }

  /// Reads what `json` wrote.
  public init(_ record: JSONCursor, of count: Int) throws {
    try self.init(
      every: try record.field("every").integer(),
      classes: try record.field("classes").elements().map { try $0.integer() }, of: count,
      steps: try record.field("steps").integer(),
      samples: try record.optionalField("samples")?.integer() ?? .max)
  }

  /// The measurement on a training set. `onStep` is told of each Lanczos step, may show progress and may throw to interrupt.
  public func measurement(
    on set: ImageSet, seed: UInt64,
    onStep: @escaping @Sendable (_ label: Int, _ progress: Lanczos.Progress) throws -> Void = { _, _ in }
  ) -> EpochMeasurement<Float> {
    EpochMeasurement(record: json, every: every) { network, state in
      let clock = ContinuousClock()
      let started = clock.now
      let rows = try classes.map { label in
        try spectrum(of: label, in: set, network, state, seed: seed) { try onStep(label, $0) }
      }
      return [
        "event": "spectrum", "loss": "plain mean cross-entropy", "normalization": "running",
        "classes": .array(rows), "seconds": .number(started.duration(to: clock.now) / .seconds(1)),
      ]
    }
  }

  private func spectrum(
    of label: Int, in set: ImageSet, _ network: Network, _ state: TrainingState<Float>, seed: UInt64,
    onStep: (Lanczos.Progress) throws -> Void
  ) throws -> JSON {
    let positions = Array(set.positions(ofClass: label).prefix(samples))
    let hessian = HessianOperator<Float>(
      objective: Objective(network: network), parameters: state.parameters, statistics: state.statistics,
      samples: set.source(positions))
    let report = try extremeSpectrum(of: hessian, steps: steps, seed: seed, onStep: onStep)
    let evaluation = try hessian.objective.evaluate(
      at: state.parameters, statistics: state.statistics, over: hessian.samples)
    let (smallest, largest) = (report.smallest, report.largest)
    return [
      "class": .integer(label), "samples": .integer(positions.count), "loss": .number(evaluation.loss),
      "gradient_norm": .number(evaluation.gradient.flat.norm()),
      "smallest": .number(smallest.rayleighQuotient), "smallest_residual": .number(smallest.residual),
      "largest": .number(largest.rayleighQuotient), "largest_residual": .number(largest.residual),
      "ratio": .number((smallest.rayleighQuotient / largest.rayleighQuotient).magnitude),
      "asymmetry": .number(report.asymmetry), "drift": .number(report.drift),
      "orthogonality_loss": .number(report.orthogonalityLoss), "steps": .integer(report.steps),
    ]
  }
}
