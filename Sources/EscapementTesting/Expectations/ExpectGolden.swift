import EscapementGoldens
import EscapementArtifacts
import Foundation
import EscapementKernels
import EscapementTraining

/// Compares a metric series with the one on record, and records it where that is asked for.
///
///     try expectGolden(losses, named: "quadratic-loss", in: "nesterov", because: "first record")
///
/// The record is `Golden/SUITE/NAME.json` beside the calling file, or below `root`. Without one the expectation fails,
/// unless the environment variable ESCAPEMENT_ACCEPT is 1: then the series goes on record with the reason `because`. A
/// series that differs is put on record in the same way, but only under a reason other than the one on record, so that no
/// change goes unexplained; where the record is of an older numeric contract, that is the explanation. Where the variable CI is set nothing is ever written; elsewhere a failure leaves the computed
/// series beside the record, as `NAME.received.json`.
///
/// - Parameters:
///   - series: the values, step by step.
///   - name: the record's name; letters, digits, "-", "_" and ".".
///   - suite: the folder that groups records; likewise.
///   - tolerance: how each value is compared. Everything but `.exact` says why.
///   - provenance: what the series depends on, by name; a record made under another one is stale.
///   - reason: why the series goes on record; it is written into the file.
/// - Throws: one `ExpectationFailure`; what reading or writing a file throws.
public func expectGolden(
  _ series: [some GoldenMetric], named name: String, in suite: String, tolerance: GoldenTolerance = .exact,
  provenance: [String: String] = [:], because reason: String, root: URL? = nil, file: String = #filePath
) throws {
  try GoldenExpectation(environment: ProcessInfo.processInfo.environment).check(
    series, named: name, in: suite, tolerance: tolerance, provenance: provenance, because: reason,
    store: .beside(file, root))
}

/// Compares a training run with the one on record, step by step, and records it where that is asked for.
///
///     try expectGolden(of: run, named: "fixture-run", in: "nesterov", because: "first record")
///
/// On record are, of every step, the learning rate, ρ, both losses, the gradient norm, ‖ε‖, the cosine, the images
/// classified correctly and the digest of parameters, running statistics and the rule's vectors; of every epoch, the test
/// images classified correctly. A failure names the first step that differs and what differed first there. Acceptance
/// and the environment's variables are those of `expectGolden` of a series.
///
/// - Parameters:
///   - run: a finished run whose metrics hold every step and its digest: `TrainingOptions.metricsEvery` and
///     `digestEvery` are 1.
///   - name: the record's name; letters, digits, "-", "_" and ".".
///   - suite: the folder that groups records; likewise.
///   - reason: why the run goes on record; it is written into the file.
/// - Throws: one `ExpectationFailure`; what reading the run, or reading or writing the record throws.
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

  /// Whether the environment asks for it, and a reason is given that is not on record already; a newer contract is one.
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
      // Where steps are on record, the ladder says more than the neighboring values.
      let place = comparison.trace.map { _ in [] } ?? series(comparison, values)
      return comparison.lines + place + [acceptance]
    }
  }

  /// The values around the first that differs.
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
