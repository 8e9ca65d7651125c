import EscapementArtifacts
import Foundation
import EscapementTraining

extension Trace {
  /// Reads the trace of a run directory from `run.json` and `metrics.jsonl`.
  ///
  /// An incomplete last line, which a killed run may leave, is ignored. Throws `MissingError` if there is no run, and
  /// `DataError` if a file is damaged.
  package init(of run: RunDirectory) throws {
    let record = try run.readRecord()
    digestEvery = record.options.digestEvery
    points = [Self.beforeTheFirstStep(record)]
    try readMetrics(of: run)
  }

  /// What the record of a run states before its first step. Settings replace what older runs do not record.
  private static func beforeTheFirstStep(_ record: RunRecord) -> TracePoint {
    var point = TracePoint(TracePlace(step: 0, kind: .step))
    let (recipe, provenance) = (record.recipe, record.provenance)
    point.values[.trainingImages] = .text(
      Digest(of: (provenance["train"] ?? provenance).canonical()).hex)
    point.values[.orderSettings] = .text(
      Digest(of: "\(recipe.seed) \(recipe.sampling.json.canonical()) \(recipe.batchSize)").hex)
    point.values[.initialSettings] = .text(
      Digest(of: "\(recipe.architecture.description) \(record.classCounts.count) \(recipe.seed)").hex)
    point.values[.order] = record.firstOrder.map { .text($0.hex) }
    point.values[.initialParameters] = record.initialParameters.map { .text($0.hex) }
    return point
  }

  private mutating func readMetrics(of run: RunDirectory) throws {
    let written: RunDirectory.Metrics
    do {
      written = try run.readMetrics()
    } catch is MissingError {
      throw DataError(
        file: run.metrics.path, found: "no such file", expected: "the metrics of a run")
    }
    let path = written.file.path
    // The text after the last newline is empty or an incomplete line.
    let lines = written.bytes.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast()
    for (index, line) in lines.enumerated() {
      let place = "\(path), line \(index + 1)"
      try read(JSONCursor(try JSON(parsing: Data(line), file: place), file: place))
    }
  }

  /// Reads one event; other kinds (measurements) are not part of a trace.
  private mutating func read(_ event: JSONCursor) throws {
    let kind = try event.field("event").string()
    guard ["step", "epoch", "divergence"].contains(kind) else { return }
    let step = event.value["step"] == nil ? nil : try event.field("step").integer(atLeast: 0)
    guard let step else { throw event.fault(found: "no step", expected: "the step of the event") }
    if kind == "divergence" {
      ending = "diverged in step \(step) (\(try event.field("what").string()))"
      return
    }
    var point = TracePoint(TracePlace(step: step, kind: kind == "step" ? .step : .epoch))
    guard points.last.map({ $0.place < point.place }) ?? true else {
      throw event.fault(found: "step \(step) after step \(lastStep)", expected: "ascending steps")
    }
    func number(_ quantity: TraceQuantity, _ cursor: JSONCursor, _ key: String) throws {
      guard let field = try cursor.optionalField(key) else { return }
      point.values[quantity] = .number(try field.double())
    }
    try number(.learningRate, event, "learning_rate")
    if let digest = try event.optionalField("digest") {
      point.values[.digest] = .text(try digest.digest().hex)
    }
    let sums = kind == "step" ? event : try event.field("train")
    for (quantity, key) in [
      (TraceQuantity.loss, "loss"), (.descentLoss, "descent_loss"), (.gradientNorm, "gradient_norm"),
      (.perturbationNorm, "perturbation_norm"), (.cosine, "cosine"), (.rho, "rho"), (.samples, "samples"),
      (.correct, "correct"),
    ] {
      try number(quantity, sums, key)
    }
    if kind == "epoch" {
      let test = try event.field("test")
      try number(.testCorrect, test, "correct")
      try number(.testSamples, test, "samples")
    }
    points.append(point)
  }
}
