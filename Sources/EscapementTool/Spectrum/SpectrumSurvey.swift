import EscapementArtifacts
import EscapementDrawing
import EscapementCurvature
import Foundation
import EscapementLongTail

/// The measurements of one command, computed or read from a file, and shown together.
struct SpectrumSurvey {
  /// What is measured next.
  var subject: SpectrumSubject
  private var collection: SpectrumCollection
  /// This command's measurements, in the requested order.
  private(set) var taken: [JSON] = []
  private var comparisons: [SpectrumComparison] = []
  private var densities: [SpectrumDensity] = []

  init(subject: SpectrumSubject, collection: SpectrumCollection) {
    self.subject = subject
    self.collection = collection
  }

  /// The number of measurements that failed a self-check.
  var invalid: Int { taken.count { $0["valid"]?.bool == false } }

  /// One probe by this package's procedure.
  @discardableResult
  mutating func takeExact(
    _ name: String, _ positions: [Int], _ procedure: SpectrumProcedure
  ) throws -> JSON {
    var identity = subject.identity(
      mode: .exact, name, samples: positions.count, steps: procedure.steps, seed: procedure.seed,
      probe: procedure.probe)
    identity["failure_probability"] = .number(2 * procedure.failureProbability)
    if procedure.pairs > 1 { identity["pairs_asked"] = .integer(procedure.pairs) }
    let parts = (procedure.saddle ? ["saddle"] : []) + (procedure.secondOpinion ? ["second_opinion"] : [])
    return try take(identity, holding: parts, complete: procedure.isOnFile(name)) {
      try $0.measure(name, positions, procedure)
    }
  }

  /// One probe by the released procedure; `twoPasses` as in `measureAsReleased`.
  @discardableResult
  mutating func takeReleased(
    _ name: String, _ positions: [Int], _ procedure: SpectrumProcedure, redraws: Bool, twoPasses: Bool = false
  ) throws -> JSON {
    let identity = subject.identity(
      mode: .pyhessian, name, samples: positions.count, steps: procedure.steps, seed: procedure.seed,
      probe: procedure.probe, redraws: redraws)
    return try take(identity, holding: twoPasses ? ["two_passes"] : [], complete: true) {
      try $0.measureAsReleased(
        name, positions, steps: procedure.steps, seed: procedure.seed, probe: procedure.probe,
        redraws: redraws, twoPasses: twoPasses)
    }
  }

  /// Both procedures, each on the same images and re-drawn.
  mutating func compare(_ name: String, _ positions: [Int], _ procedure: SpectrumProcedure) throws {
    let exact = try takeExact(name, positions, procedure)
    let released = try takeReleased(name, positions, procedure, redraws: false)
    let redrawn = try takeReleased(name, positions, procedure, redraws: true, twoPasses: true)
    comparisons.append(SpectrumComparison(exact: exact, released: released, redrawn: redrawn))
  }

  /// The combined result of the probes of a selection, stored in the last probe's record as `over_probes`.
  mutating func summarize(
    _ name: String, _ positions: [Int], _ procedure: SpectrumProcedure, probes: Int
  ) throws {
    let records = taken.filter { $0["data"] == .string(name) && $0["mode"] == "exact" }
    guard var last = records.last?.object else { return }
    let sketched =
      subject.matrix == .hessian ? try subject.sketchedTrace(name, positions, seed: procedure.seed) : nil
    guard let density = try SpectrumDensity(records, sketched: sketched) else { return }
    densities.append(density)
    last["over_probes"] = density.json
    let place = taken.lastIndex { $0 == records[records.count - 1] }!
    taken[place] = .object(last)
    var identity = subject.identity(
      mode: .exact, name, samples: positions.count, steps: procedure.steps, seed: procedure.seed,
      probe: UInt64(probes - 1))
    identity["failure_probability"] = .number(2 * procedure.failureProbability)
    try collection.add(.object(last), identity: identity)
  }

  private mutating func take(
    _ identity: [String: JSON], holding parts: [String], complete: Bool,
    _ measure: (SpectrumSubject) throws -> JSON
  ) throws -> JSON {
    if complete, let known = collection.measurement(identity, holding: parts) {
      taken.append(known)
      return known
    }
    let record = try measure(subject)
    taken.append(record)
    try collection.add(record, identity: identity)
    return record
  }

  /// All measurements as tables.
  func text(checks: Bool, in layout: TextLayout) -> String {
    let exact = taken.filter { $0["mode"] == "exact" }
    let released = taken.filter { $0["mode"] == "pyhessian" }
    var parts = [layout.wrapped(header)]
    if !comparisons.isEmpty {
      parts.append(SpectrumComparison.text(comparisons, in: layout))
    } else {
      if !exact.isEmpty { parts.append(SpectrumTables.exact(exact, in: layout)) }
      if !released.isEmpty { parts.append(SpectrumTables.released(released, in: layout)) }
    }
    if checks, !exact.isEmpty { parts.append(SpectrumTables.checks(exact, in: layout)) }
    if !densities.isEmpty { parts.append(SpectrumDensity.text(densities, in: layout)) }
    parts += [
      SpectrumTables.pairs(exact, in: layout), SpectrumTables.secondOpinions(exact, in: layout),
      SpectrumTables.saddles(exact, in: layout),
    ].compactMap(\.self)
    return parts.joined(separator: "\n\n")
  }

  private var header: String {
    let redraws = taken.allSatisfy { $0["redraws"]?.bool == true }
    let images =
      subject.transform == .plain
      ? "as they are" : "cropped and flipped \(redraws ? "again in each product" : "once")"
    let statistics = subject.normalization == .batch ? "statistics of these images" : "running statistics"
    let matrix = subject.matrix == .hessian ? "" : "matrix: \(subject.matrix.rawValue); "
    let block = subject.block.map { "parameters: \($0)…; " } ?? ""
    return "\(matrix)\(block)loss: \(subject.lossName); batch norm: \(statistics); images: \(images); "
      + subject.run.origin
  }
}

extension SpectrumProcedure {
  /// Whether the requested additional files exist.
  func isOnFile(_ name: String) -> Bool {
    guard landscape == nil else { return false }
    guard let vectors else { return true }
    return ["smallest", "largest"].allSatisfy {
      FileManager.default.fileExists(
        atPath: vectors.appendingPathComponent(SpectrumSubject.vectorFile(name, probe, $0)).path)
    }
  }
}
