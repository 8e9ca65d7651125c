import EscapementExperiments
import EscapementStatistics
import EscapementArtifacts
import EscapementCalculus
import EscapementCurvature
import Foundation
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementTraining
import EscapementVerification

/// The symmetric matrix of a spectrum.
enum SpectrumOperator: String, CaseIterable {
  case hessian
  case gaussNewton = "gauss-newton"
  case remainder, fisher
}

/// The procedure of one probe, independent of its subject.
struct SpectrumProcedure {
  var steps: Int
  var seed: UInt64
  var probe: UInt64
  var failureProbability: Double
  var saddle = false
  var secondOpinion = false
  var landscape: (file: FigureFile, radius: Double)?
  /// The location of the eigenvectors, one file per end.
  var vectors: URL?
  /// Ritz pairs that are certified at each end.
  var pairs = 1
}

/// The subject of the spectra of a checkpoint: one loss, one mode of batch norm, one kind of images.
struct SpectrumSubject {
  var run: LoadedRun
  let loss: any ClassificationLoss
  let lossName: String
  let transform: ImageTransform
  let normalization: Normalization
  let matrix: SpectrumOperator
  /// The beginning of the names of the parameters whose block is measured; nil: all parameters.
  let block: String?

  var network: Network { run.network }
  var state: TrainingState<Float> { run.state }
  var set: any LabeledImages { run.images.train }

  /// The values that must be equal for a stored measurement to be this one; the measurement contains all of them.
  func identity(
    mode: SpectrumMode, _ name: String, samples: Int, steps: Int, seed: UInt64, probe: UInt64,
    redraws: Bool = false
  ) -> [String: JSON] {
    var members: [String: JSON] = [
      NumericContract.key: NumericContract.current.json,
      "mode": .string(mode.rawValue), "operator": .string(matrix.rawValue), "data": .string(name),
      "samples": .integer(samples), "steps_asked": .integer(steps), "seed": .string(String(seed)),
      "probe": .integer(Int(probe)), "loss": .string(lossName),
      "normalization": .string(normalization.rawValue), "augmented": .bool(transform != .plain || redraws),
      "redraws": .bool(redraws), "parameters": .string(state.parameters.digest.hex),
      "statistics": .string(state.statistics.digest.hex),
      "pictures": set.pixelsDigest.map { .string($0.hex) } ?? .null,
    ]
    members["block"] = block.map { .string($0) }
    return members
  }

  /// One probe of the spectrum over the images at `positions`, with its self-checks and additional requested
  /// measurements.
  func measure(_ name: String, _ positions: [Int], _ procedure: SpectrumProcedure) throws -> JSON {
    let double = hessian(of: Double.self, positions)
    let float = hessian(of: Float.self, positions)
    switch matrix {
    case .hessian: return try measure(name, positions, procedure, float, double, of: (float, double))
    case .gaussNewton:
      return try measure(
        name, positions, procedure, float.term(.gaussNewton), double.term(.gaussNewton),
        of: (float, double))
    case .remainder:
      return try measure(
        name, positions, procedure, float.term(.remainder), double.term(.remainder),
        of: (float, double))
    case .fisher:
      return try measure(
        name, positions, procedure, EmpiricalFisherOperator(at: float, memoryLimit: Self.fisherMemory),
        EmpiricalFisherOperator(at: double, memoryLimit: Self.fisherMemory), of: (float, double))
    }
  }

  /// The memory for gradients of the empirical Fisher matrix, in bytes: 500 images of a ResNet-32 in Double.
  private static let fisherMemory = 2 << 30

  func hessian<Element: Real>(
    of type: Element.Type, _ positions: [Int], transform: ImageTransform? = nil,
    memoryBudget: Int = HessianOperator<Float>.memory
  ) -> HessianOperator<Element> {
    HessianOperator(
      objective: Objective(network: network, loss: loss),
      parameters: ParameterVector(
        layout: network.layout, flat: state.parameters.flat.converted(to: Element.self)),
      statistics: ParameterVector(
        layout: network.statisticsLayout, flat: state.statistics.flat.converted(to: Element.self)),
      samples: set.source(positions, of: Element.self, transform: transform ?? self.transform),
      normalization: normalization, memoryBudget: memoryBudget, communicator: Job.communicator)
  }

  private func measure<Operator: SymmetricOperator<Float>, Measure: SymmetricOperator<Double>>(
    _ name: String, _ positions: [Int], _ procedure: SpectrumProcedure, _ map: Operator, _ measure: Measure,
    of hessians: (float: HessianOperator<Float>, double: HessianOperator<Double>)
  ) throws -> JSON {
    guard let block else { return try certify(name, positions, procedure, map, measure, of: hessians) }
    func isInBlock(_ segment: ParameterLayout.Segment) -> Bool { segment.name.hasPrefix(block) }
    return try certify(
      name, positions, procedure, SegmentOperator(of: map, layout: network.layout, where: isInBlock),
      SegmentOperator(of: measure, layout: network.layout, where: isInBlock), of: hessians)
  }

  private func certify<Operator: SymmetricOperator<Float>, Measure: SymmetricOperator<Double>>(
    _ name: String, _ positions: [Int], _ procedure: SpectrumProcedure, _ map: Operator, _ measure: Measure,
    of hessians: (float: HessianOperator<Float>, double: HessianOperator<Double>)
  ) throws -> JSON {
    let meter = ProgressMeter()
    defer { meter.clear() }
    let products =
      min(procedure.steps, map.dimension) + CertifiedSpectrum.furtherProducts + 2 * (procedure.pairs - 1)
    let count = ProductCount(label: name, total: products, meter: meter)
    let spectrum = try CertifiedSpectrum(
      of: ObservedOperator(map, onProduct: count.next),
      measuredBy: ObservedOperator(measure, onProduct: count.next),
      steps: procedure.steps, seed: procedure.seed, probe: procedure.probe,
      failureProbability: procedure.failureProbability, pairs: procedure.pairs)
    var record = identity(
      mode: .exact, name, samples: positions.count, steps: procedure.steps, seed: procedure.seed,
      probe: procedure.probe)
    record.merge(Self.json(spectrum, run)) { $1 }
    guard spectrum.certification.isValid else { return .object(record) }
    if let vectors = procedure.vectors, Job.leads {
      for (end, vector) in [("smallest", spectrum.smallest), ("largest", spectrum.largest)] {
        let file = vectors.appendingPathComponent(Self.vectorFile(name, procedure.probe, end))
        meter.clear()
        try OutputFile.write(vectorFile(vector).encoded(), to: file)
      }
    }
    if let landscape = procedure.landscape, Job.leads {
      try draw(landscape, name, positions, spectrum, hessians.double, meter)
    }
    if procedure.secondOpinion {
      record["second_opinion"] = try secondOpinion(on: name, spectrum, map, measure, procedure.seed, meter)
    }
    if procedure.saddle {
      record.merge(try saddle(name, spectrum, hessians.float, hessians.double, meter)) { $1 }
    }
    return .object(record)
  }

  static func vectorFile(_ name: String, _ probe: UInt64, _ end: String) -> String {
    "\(name.replacing(" ", with: "-"))-\(probe)-\(end).safetensors"
  }

  /// A vector with the parameters' names and layout.
  private func vectorFile(_ vector: Tensor<Double>) -> Safetensors {
    var content = Safetensors(metadata: ["format": "pt"])
    let named = ParameterVector<Double>(layout: network.layout, flat: vector)
    for (name, entry) in InterchangeLayout.entries(named) { content.tensors[name] = entry }
    return content
  }

  private func draw(
    _ landscape: (file: FigureFile, radius: Double), _ name: String, _ positions: [Int],
    _ spectrum: CertifiedSpectrum,
    _ double: HessianOperator<Double>, _ meter: ProgressMeter
  ) throws {
    let values = try Landscape(
      objective: double.objective, parameters: double.parameters, statistics: double.statistics,
      samples: double.samples, normalization: normalization, smallest: spectrum.smallest,
      largest: spectrum.largest, radius: landscape.radius
    ) { done, total in
      meter.show("landscape of \(name)", done: done, total: total)
      if Interruption.isRequested { throw SpectrumStopped() }
    }
    let losses = values.smallest.losses + values.largest.losses + values.plane.joined()
    guard let least = losses.min(), let most = losses.max(), losses.allSatisfy(\.isFinite),
      (most - least).isFinite
    else {
      throw ToolError.nonFinite(
        "landscape of \(name): a loss within \(landscape.radius) of the point is not finite; give a smaller --radius"
      )
    }
    let title = "\(name): \(lossName), \(positions.count) images"
    meter.clear()
    try landscape.file.write(LandscapeFigure.draw(values, title: title).svg)
  }

  /// λ_min by a method that shares only the products with Lanczos.
  private func secondOpinion<Operator: SymmetricOperator<Float>, Measure: SymmetricOperator<Double>>(
    on name: String, _ spectrum: CertifiedSpectrum, _ map: Operator, _ measure: Measure, _ seed: UInt64,
    _ meter: ProgressMeter
  ) throws -> JSON {
    let solver = LOBPCG(iterations: Self.secondOpinionIterations, seed: seed)
    let count = ProductCount(
      label: "second opinion on \(name), at most", total: solver.iterations * solver.blockSize + 5,
      meter: meter)
    let found = try solver.smallest(
      of: ObservedOperator(map, onProduct: count.next),
      measuredBy: ObservedOperator(measure, onProduct: count.next))
    let theirs = found.certificate
    let ours = spectrum.report.smallest
    let allowed = theirs.residual + theirs.rounding + ours.residual + ours.rounding
    return [
      "method": "LOBPCG", "smallest": .number(theirs.rayleighQuotient), "residual": .number(theirs.residual),
      "iterations": .integer(found.iterations), "products": .integer(found.products),
      "converged": .bool(found.converged),
      "ritz_values": .array(found.ritzValues.map { .number($0) }),
      "difference": .number(theirs.rayleighQuotient - ours.rayleighQuotient), "allowed": .number(allowed),
      "agrees": .bool((theirs.rayleighQuotient - ours.rayleighQuotient).magnitude <= allowed),
    ]
  }

  /// The trace of the Hessian by Hutch++.
  func sketchedTrace(_ name: String, _ positions: [Int], seed: UInt64) throws -> MeanEstimate {
    let meter = ProgressMeter()
    defer { meter.clear() }
    let count = ProductCount(label: "trace of \(name)", total: Self.sketchedProducts, meter: meter)
    let map = ObservedOperator(hessian(of: Float.self, positions), onProduct: count.next)
    return try HutchPlusPlusTrace(of: map, products: Self.sketchedProducts, seed: seed).estimate
  }

  /// The number of products: ten each for the sketch, its products and the remainder.
  private static let sketchedProducts = 30

  /// The largest number of iterations of the second opinion: with a block of four, eight times the products of a
  /// hundred steps.
  private static let secondOpinionIterations = 200

  private func saddle(
    _ name: String, _ spectrum: CertifiedSpectrum, _ float: HessianOperator<Float>,
    _ double: HessianOperator<Double>, _ meter: ProgressMeter
  ) throws -> [String: JSON] {
    // The class in the whole loss and the split count as one each.
    let count = ProductCount(
      label: "saddle test of \(name)", total: SaddleTest.evaluations() + 2, meter: meter)
    let test = try SaddleTest(
      objective: double.objective, parameters: double.parameters, statistics: double.statistics,
      samples: double.samples, normalization: normalization, direction: spectrum.smallest,
      onEvaluation: count.next)
    try count.next()
    let all = set.source(Array(0..<set.count), of: Float.self, transform: transform)
    let part = try ClassInLoss(
      objective: float.objective, parameters: state.parameters, statistics: state.statistics,
      samples: float.samples, within: all, normalization: normalization, direction: spectrum.smallest)
    try count.next()
    let report = spectrum.report
    let split = try CurvatureSplit(
      along: spectrum.smallest, of: double,
      norm: max(report.smallest.ritzValue.magnitude, report.largest.ritzValue.magnitude))
    return ["saddle": Self.json(test), "in_all": Self.json(part), "split": Self.json(split)]
  }
}

/// A signal arrived while a spectrum was measured.
struct SpectrumStopped: Error {}

/// Shows the progress of products and stops at a signal.
final class ProductCount {
  private let label: String
  private let total: Int
  private let meter: ProgressMeter
  private let stopIfAsked: () throws -> Void
  private var done = 0

  /// Counts up to `total`. `stopIfAsked` throws what the command catches at a signal.
  init(
    label: String, total: Int, meter: ProgressMeter,
    stopIfAsked: @escaping () throws -> Void = { if try Job.isInterrupted() { throw SpectrumStopped() } }
  ) {
    (self.label, self.total, self.meter, self.stopIfAsked) = (label, total, meter, stopIfAsked)
  }

  /// Called before each product.
  func next() throws {
    try stopIfAsked()
    meter.show(label, done: done, total: max(total, done))
    done += 1
  }
}
