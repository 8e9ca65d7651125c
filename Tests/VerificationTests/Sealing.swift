import EscapementArtifacts
import Foundation
import EscapementTraining
import Testing

/// Metrics that a test changed, with the seal that the run's end would have given them, or without one.
enum Sealing {
  /// Takes the seal off, and the digests of the metrics out of the checkpoints: both were not in older runs.
  static func open(_ run: RunDirectory) throws {
    for step in run.checkpointedSteps() {
      let sidecar = run.sidecar(step: step)
      var fields = try #require(JSON(contentsOf: sidecar).object)
      fields["metrics_sha256"] = nil
      fields[SealedJSON.key] = nil
      try AtomicFile.write(SealedJSON.sealed(.object(fields)), to: sidecar)
    }
    let bytes = try FileContents.read(run.metrics)
    guard let place = bytes.range(of: Data("\"event\":\"seal\"".utf8), options: .backwards) else { return }
    let start = bytes[..<place.lowerBound].lastIndex(of: 0x0A).map { $0 + 1 } ?? bytes.startIndex
    try Data(bytes[..<start]).write(to: run.metrics)
  }

  /// Seals the metrics as they are now.
  static func close(_ run: RunDirectory) throws {
    try open(run)
    let lines = try FileContents.read(run.metrics)
    let seal = MetricsSeal(of: lines, record: try FileContents.read(run.record))
    try (lines + Data((seal.json.canonical() + "\n").utf8)).write(to: run.metrics)
  }
}
