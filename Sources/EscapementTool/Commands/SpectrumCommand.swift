import ArgumentParser
import Artifacts
import Curvature
import Foundation
import Kernels
import LongTail
import Networks
import Training

/// `escapement spectrum`: extreme Hessian eigenvalues of a run's newest checkpoint.
struct SpectrumCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "spectrum", abstract: "Extreme Hessian eigenvalues of a trained network, by Lanczos.",
    discussion: """
      The loss is the plain mean cross-entropy over fixed, un-augmented training pictures of all data, one class or \
      each class, under running batch-norm statistics. Lanczos runs in Float with full reorthogonalisation; the \
      residuals of the extremes are measured by products in Double.
      """)

  @Argument(help: ArgumentHelp("Run directory.", valueName: "RUN")) var runDirectory: String
  @Option(
    help: ArgumentHelp(
      "The run's pictures: archive or directory; not needed for fixtures.", valueName: "path"))
  var data: String?
  @Option(name: .customLong("class"), parsing: .unconditional, help: "Only this class's pictures.") var label:
    Int?
  @Flag(help: "Each class by itself.") var allClasses = false
  @Option(parsing: .unconditional, help: "Lanczos steps.") var steps = 100
  @Option(parsing: .unconditional, help: "Start vectors.") var probes = 1
  @Option(parsing: .unconditional, help: "At most this many pictures, the first of the selection.")
  var samples: Int?
  @Option(help: "Seed of the start vectors.") var seed: UInt64 = 0
  @Flag(help: "Print one JSON array.") var json = false

  func validate() throws {
    guard steps >= 1 else { throw ValidationError("--steps is \(steps), expected at least 1") }
    guard probes >= 1 else { throw ValidationError("--probes is \(probes), expected at least 1") }
    if let samples, samples < 1 { throw ValidationError("--samples is \(samples), expected at least 1") }
    if label != nil, allClasses { throw ValidationError("give --class or --all-classes, not both") }
  }

  func run() throws {
    let run = RunDirectory(URL(fileURLWithPath: runDirectory, isDirectory: true))
    let recipe = try run.recipe()
    guard let step = run.checkpointedSteps().last else {
      throw MissingError(
        what: "a checkpoint in \(run.checkpoints.path)", advice: "train first, or correct the path")
    }
    let pictures = try LongTailedData.named(
      recipe.data, at: data.map { URL(fileURLWithPath: $0) })
    let classes = pictures.train.classes
    if let label, !(0..<classes).contains(label) {
      throw ToolError.usage("--class is \(label), expected 0 to \(classes - 1)")
    }
    let network = recipe.architecture.network(classes: classes)
    let state = try Checkpoint<Float>(sidecar: run.sidecar(step: step), network: network).state
    Interruption.catchSignals()
    var results: [(name: String, samples: Int, report: SpectrumReport)] = []
    for (name, positions) in selections(pictures.train) {
      for probe in 0..<probes {
        let kept = Array(positions.prefix(samples ?? positions.count))
        let report = try spectrum(name, network, state, pictures.train, kept, probe: UInt64(probe))
        results.append((name, kept.count, report))
      }
    }
    if json {
      Console.output(.array(results.map { $0.report.json(name: $0.name, samples: $0.samples, step: step) }))
    } else {
      print(Self.table(results))
    }
  }

  private func selections(_ set: ImageSet) -> [(String, [Int])] {
    if allClasses { return (0..<set.classes).map { ("class \($0)", set.positions(ofClass: $0)) } }
    if let label { return [("class \(label)", set.positions(ofClass: label))] }
    return [("all", Array(0..<set.count))]
  }

  private func spectrum(
    _ name: String, _ network: Network, _ state: TrainingState<Float>, _ set: ImageSet, _ positions: [Int],
    probe: UInt64
  ) throws -> SpectrumReport {
    let meter = ProgressMeter()
    defer { meter.clear() }
    let double = HessianOperator<Double>(
      objective: Objective(network: network),
      parameters: .init(layout: network.layout, flat: state.parameters.flat.converted(to: Double.self)),
      statistics: .init(
        layout: network.statisticsLayout, flat: state.statistics.flat.converted(to: Double.self)),
      samples: set.source(positions, of: Double.self))
    let float = HessianOperator<Float>(
      objective: Objective(network: network), parameters: state.parameters, statistics: state.statistics,
      samples: set.source(positions, of: Float.self))
    return try extremeSpectrum(of: float, measuredBy: double, steps: steps, seed: seed, probe: probe) {
      progress in
      meter.show(name, done: progress.step, total: progress.steps)
      if Interruption.isRequested {
        throw ToolError.interrupted("interrupted; a spectrum keeps nothing: run the command again")
      }
    }
  }

  private static func table(_ results: [(name: String, samples: Int, report: SpectrumReport)]) -> String {
    var table = TextTable(
      heading: [
        "data", "pictures", "steps", "λ_min", "residual", "λ_min ≥ *", "λ_max", "residual", "λ_min/λ_max",
        "asymmetry", "drift", "orthogonality", "Σ weights − 1",
      ], rightAligned: Set(1...12))
    table.rows = results.map { name, samples, r in
      [
        name, String(samples), String(r.steps), number(r.smallest.rayleighQuotient),
        number(r.smallest.residual),
        r.smallestLowerLimit.map(number) ?? "no bound", number(r.largest.rayleighQuotient),
        number(r.largest.residual), number(r.smallest.rayleighQuotient / r.largest.rayleighQuotient),
        number(r.asymmetry), number(r.drift), number(r.orthogonalityLoss), number(r.weightSum - 1),
      ]
    }
    let failure = results.first?.report.probabilityBound.failureProbability ?? 0
    return table.text + "\n* but for a probability of \(2 * failure) over the start vector"
  }

  /// Five significant digits, in scientific notation outside 1e-3…1e5.
  private static func number(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return "\(value)" }
    return String(format: "%.5g", value)
  }
}

extension SpectrumReport {
  /// Everything measured; α and β let a density be redrawn.
  fileprivate func json(name: String, samples: Int, step: Int) -> JSON {
    func numbers(_ values: [Double]) -> JSON { .array(values.map { .number($0) }) }
    func certificate(_ c: RitzCertificate) -> JSON {
      [
        "ritz": .number(c.ritzValue), "rayleigh": .number(c.rayleighQuotient),
        "residual": .number(c.residual),
        "rounding": .number(c.rounding), "rounding_is_bound": .bool(c.roundingIsBound),
      ]
    }
    return [
      "data": .string(name), "samples": .integer(samples), "checkpoint_step": .integer(step),
      "loss": "plain mean cross-entropy", "normalization": "running", "dtype": .string(elementType),
      "dimension": .integer(dimension), "seed": .string(String(seed)), "probe": .integer(Int(probe)),
      "steps": .integer(steps), "exhausted": .bool(exhausted), "alpha": numbers(alpha), "beta": numbers(beta),
      "ritz_values": numbers(ritzValues), "weights": numbers(weights), "weight_sum": .number(weightSum),
      "smallest": certificate(smallest), "largest": certificate(largest),
      "smallest_lower_limit": smallestLowerLimit.map { .number($0) } ?? .null,
      "largest_upper_limit": largestUpperLimit.map { .number($0) } ?? .null,
      "failure_probability": .number(2 * probabilityBound.failureProbability),
      "asymmetry": .number(asymmetry),
      "drift": .number(drift), "orthogonality_loss": .number(orthogonalityLoss),
      "products": .integer(products),
    ]
  }
}
