import EscapementGoldens
import EscapementArtifacts
import Foundation
import EscapementKernels
import EscapementTraining

/// Compares a metric series with its record, and records it on request.
///
///     try expectGolden(losses, named: "quadratic-loss", in: "nesterov", because: "first record")
///
/// The record is `Golden/SUITE/NAME.json` beside the calling file, or below `root`. Without a record the expectation
/// fails, unless the environment variable ESCAPEMENT_ACCEPT is 1: then the series is recorded with the reason
/// `because`. A series that differs is recorded in the same way, but only with a reason that differs from the recorded
/// one, so that every change is explained. If the record is of an older numeric contract, the reason may stay the same.
/// If the variable CI is set, nothing is written; otherwise a failure writes the computed series beside the record, as
/// `NAME.received.json`.
///
/// - Parameters:
///   - series: the values, step by step.
///   - name: the record's name; letters, digits, "-", "_" and ".".
///   - suite: the folder that groups records; likewise.
///   - tolerance: how each value is compared. Every tolerance except `.exact` has a reason.
///   - provenance: what the series depends on, by name; a record with another provenance is stale.
///   - reason: why the series is recorded; it is written into the file.
/// - Throws: one `ExpectationFailure`, or an error of reading or writing a file.
public func expectGolden(
  _ series: [some GoldenMetric], named name: String, in suite: String, tolerance: GoldenTolerance = .exact,
  provenance: [String: String] = [:], because reason: String, root: URL? = nil, file: String = #filePath
) throws {
  try GoldenExpectation(environment: ProcessInfo.processInfo.environment).check(
    series, named: name, in: suite, tolerance: tolerance, provenance: provenance, because: reason,
    store: .beside(file, root))
}

/// Compares a training run with its record, step by step, and records it on request.
///
///     try expectGolden(of: run, named: "fixture-run", in: "nesterov", because: "first record")
///
/// For every step, the record contains the learning rate, ρ, both losses, the gradient norm, ‖ε‖, the cosine, the
/// number of images classified correctly, and the digest of parameters, running statistics and the rule's vectors. For
/// every epoch, it contains the number of test images classified correctly. A failure names the first step that differs
/// and the first quantity that differs there. Acceptance and environment variables are those of `expectGolden` for a
/// series.
///
/// - Parameters:
///   - run: a finished run whose metrics contain every step and its digest: `TrainingOptions.metricsEvery` and
///     `digestEvery` are 1.
///   - name: the record's name; letters, digits, "-", "_" and ".".
///   - suite: the folder that groups records; likewise.
///   - reason: why the run is recorded; it is written into the file.
/// - Throws: one `ExpectationFailure`, or an error of reading the run, or of reading or writing the record.
public func expectGolden(
  of run: RunDirectory, named name: String, in suite: String, because reason: String, root: URL? = nil,
  file: String = #filePath
) throws {
  try GoldenExpectation(environment: ProcessInfo.processInfo.environment).check(
    of: run, named: name, in: suite, because: reason, store: .beside(file, root))
}

extension GoldenStore {
  /// The store at `root`, by default the folder `Golden` beside the calling file.
  fileprivate static func beside(_ file: String, _ root: URL?) -> GoldenStore {
    GoldenStore(
      root: root ?? URL(fileURLWithPath: file).deletingLastPathComponent().appendingPathComponent("Golden"))
  }
}

/// `expectGolden` under a given environment.
struct GoldenExpectation {
  let environment: [String: String]

  func check(
    _ series: [some GoldenMetric], named name: String, in suite: String, tolerance: GoldenTolerance,
    provenance: [String: String], because reason: String, store: GoldenStore
  ) throws {
    precondition(tolerance.hasReason, "a tolerance without a reason for \(suite)/\(name)")
    let values = series.enumerated().map { index, metric in
      let value = metric.goldenValue(named: "value \(index + 1)", tolerance)
      guard let value else { preconditionFailure("\(type(of: metric)) is compared exactly or not at all") }
      return value
    }
    try check(values, named: name, in: suite, provenance: provenance, because: reason, store: store)
  }

  func check(
    of run: RunDirectory, named name: String, in suite: String, because reason: String, store: GoldenStore
  ) throws {
    let trace = try Trace(of: run)
    guard let values = trace.goldenValues else {
      throw ExpectationFailure(
        expectation: "\(run.url.path) holds a finished run with the metrics of every step",
        findings: [
          trace.ending ?? "\(trace.lastStep) steps, of which not every one is in the metrics",
          "TrainingOptions.metricsEvery = 1 and digestEvery = 1 write every step",
        ])
    }
    let record = try run.readRecord()
    let provenance = [
      "recipe": Digest(of: record.recipe.json.canonical()).hex,
      "data": Digest(of: record.provenance.canonical()).hex,
    ]
    try check(values, named: name, in: suite, provenance: provenance, because: reason, store: store)
  }

  func check(
    _ values: [GoldenValue], named name: String, in suite: String, provenance: [String: String],
    because reason: String, store: GoldenStore
  ) throws {
    for word in [name, suite] {
      precondition(Self.isFileName(word), "\"\(word)\" is no name for a record: letters, digits, - _ .")
    }
    let golden = GoldenCase(suite: suite, name: name, provenance: provenance) { values }
    let examination = try store.examine(golden)
    if examination.outcome.agrees {
      if writes { try store.keep(examination, of: golden) }
      return
    }
    if try mayAccept(golden, reason, in: store) {
      try store.accept(golden, reason: reason, who: AuthorName.fromGit())
      return
    }
    let received = writes ? try store.keep(examination, of: golden) : nil
    throw ExpectationFailure(
      expectation: "\(golden.path) is not what \(store.url(of: golden).path) has on record",
      findings: findings(examination.outcome, values)
        + (received.map { ["computed values: \($0.path)"] } ?? []))
  }

  private var writes: Bool { !GoldenStore.isContinuousIntegration(environment) }

  /// Whether the environment requests acceptance, and the reason differs from the recorded one or the contract is
  /// newer.
  private func mayAccept(_ golden: GoldenCase, _ reason: String, in store: GoldenStore) throws -> Bool {
    guard writes, environment["ESCAPEMENT_ACCEPT"] == "1", reason.contains(where: { !$0.isWhitespace })
    else { return false }
    let file = store.url(of: golden)
    guard FileManager.default.fileExists(atPath: file.path) else { return true }
    let record = try GoldenRecord(contentsOf: file)
    return record.reason != reason || record.contract < .current
  }

  private func findings(_ outcome: GoldenOutcome, _ values: [GoldenValue]) -> [String] {
    let acceptance =
      writes
      ? "ESCAPEMENT_ACCEPT=1 puts it on record under a new reason"
      : "CI is set: nothing is put on record here"
    switch outcome {
    case .same: return []
    case .missing: return ["missing: no record of \(values.count) values; \(acceptance)"]
    case .differs(let comparison):
      if let recorded = comparison.otherContract {
        return ["\(comparison.failures[0].text); \(recorded.instruction), or accept it again (\(acceptance))"]
      }
      // If steps are recorded, the ladder is more informative than the neighboring values.
      let place = comparison.trace.map { _ in [] } ?? series(comparison, values)
      return comparison.lines + place + [acceptance]
    }
  }

  /// The values around the first difference.
  private func series(_ comparison: GoldenComparison, _ values: [GoldenValue]) -> [String] {
    guard let center = comparison.first.index else { return [] }
    return (max(0, center - 2)...center + 2).filter(values.indices.contains).map { index in
      "  \(values[index].name): \(values[index].text)\(index == center ? "  <- on record \(comparison.first.recorded ?? "nothing")" : "")"
    }
  }

  private static func isFileName(_ word: String) -> Bool {
    !word.isEmpty && !word.hasPrefix(".")
      && word.unicodeScalars.allSatisfy {
        ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
          || "-_.".unicodeScalars.contains($0)
      }
  }
}
