import EscapementArtifacts
import Foundation
import EscapementKernels
import EscapementLongTail
import EscapementNetworks
import EscapementTraining

/// An audit of a claimed run: parts of it are recomputed and compared, bit by bit, with the record.
///
/// Proof of learning by recomputation was introduced by Jia et al. ("Proof-of-Learning: Definitions and Practice", IEEE
/// S&P 2021): the trainer keeps checkpoints, and the verifier recomputes some of the segments between them. There, and
/// in Srivastava, Arora and Boneh ("Optimistic Verifiable Training by Controlling Hardware Nondeterminism", NeurIPS
/// 2024), machines round differently. The first needs thresholds of distance, the second needs rounding in higher
/// precision and a log of it. Here every machine computes the same bits, so digests are compared without a tolerance.
///
/// The run's files are only read.
package struct RunAudit: Sendable {
  /// The parts to recompute.
  package struct Request: Sendable, Hashable {
    /// The number of epochs from the seed on.
    package var epochs: Int
    /// The number of randomly drawn segments between kept checkpoints.
    package var segments: Int
    /// The seed of the draw, chosen by the auditor and unknown when the run was trained.
    package var seed: UInt64

    /// A request; the default is the first epoch.
    package init(epochs: Int = 1, segments: Int = 0, seed: UInt64 = 0) {
      (self.epochs, self.segments, self.seed) = (epochs, segments, seed)
    }
  }

  /// The progress of an audit.
  package struct Progress: Sendable, Hashable {
    /// The part being recomputed: "epoch 3".
    package let label: String
    /// The number of recomputed steps.
    package let done: Int
    /// The number of steps to recompute.
    package let total: Int
  }

  /// The audit was cancelled. An audit leaves no files.
  package struct Cancelled: Error {}

  package let directory: RunDirectory
  /// The recorded run.
  package let run: RecordedRun
  /// The directory of its checkpoints.
  let checkpoints: URL
  /// The recorded links, by step.
  let links: [Int: Digest]
  /// The number of epochs between kept checkpoints; 0 if none were kept.
  let keepEvery: Int
  let onDivergence: DivergenceAction
  /// The digests of the initial parameters and of the first epoch's order; nil for older runs, which do not record
  /// them.
  let initial: Digest?
  let firstOrder: Digest?

  /// Reads a run. Its checkpoints are those in `checkpoints`, by default its own.
  ///
  /// Throws `MissingError` if there is none and `DataError` if its record or metrics are damaged.
  package init(_ directory: RunDirectory, checkpoints: URL? = nil) throws {
    self.directory = directory
    self.checkpoints = checkpoints ?? directory.checkpoints
    run = try RecordedRun(directory)
    links = try Self.links(directory.readMetrics(), run.epochs)
    let record = try directory.readRecord()
    (keepEvery, onDivergence) = (record.options.keepEvery, record.options.onDivergence)
    (initial, firstOrder) = (record.initialParameters, record.firstOrder)
  }

  /// The links of step and epoch events. A step with different links in the two is an error.
  private static func links(_ metrics: RunDirectory.Metrics, _ epochs: [RecordedEpoch]) throws -> [Int:
    Digest]
  {
    var links = Dictionary(epochs.map { ($0.step, $0.digest) }, uniquingKeysWith: { first, _ in first })
    let mark = Data("\"event\":\"step\"".utf8)
    let file = metrics.file.path
    for (index, line) in metrics.bytes.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast()
      .enumerated() where line.range(of: mark) != nil
    {
      let place = "\(file) line \(index + 1)"
      let event = JSONCursor(try JSON(parsing: Data(line), file: place), file: place)
      let (step, link) = (try event.field("step").integer(atLeast: 1), try event.field("digest"))
      let digest = try link.digest()
      if let other = links[step], other != digest {
        throw link.fault(found: digest.hex, expected: "\(other), that of the epoch's event")
      }
      links[step] = digest
    }
    return links
  }

  /// The number of recorded epochs.
  var epochCount: Int { run.epochs.count }
  /// The number of steps of an epoch.
  var stepsPerEpoch: Int { run.epochs.first?.step ?? 0 }

  /// The run divided at its kept checkpoints, as ranges of 0-based epochs.
  var segments: [Range<Int>] {
    guard keepEvery > 0 else { return [] }
    return stride(from: 0, to: epochCount, by: keepEvery).map { $0..<min($0 + keepEvery, epochCount) }
  }

  /// The segments that a seed draws, in the order of the run; without replacement.
  func drawn(_ request: Request) -> [Range<Int>] {
    let all = segments
    guard !all.isEmpty, request.segments > 0 else { return [] }
    let order = EpochOrder(count: all.count, seed: request.seed).permutation(epoch: 0)
    return order.prefix(request.segments).sorted().map { all[$0] }
  }

  /// Recomputes the requested parts and compares them; `images` reads the run's data if there is anything to recompute.
  ///
  /// Throws `Cancelled` if `isCancelled` returns true, `DataError` for a damaged checkpoint, and errors of reading the
  /// data.
  package func report(
    _ request: Request, images: () throws -> LongTailedData, isCancelled: () -> Bool = { false },
    progress: (Progress) -> Void = { _ in }
  ) throws -> AuditReport {
    var report = AuditReport(
      outcome: .reproduced, epochs: min(request.epochs, epochCount), segmentCount: segments.count,
      allSteps: epochCount * stepsPerEpoch, allLinks: links.count)
    if let obstacle = obstacle(request) {
      report.outcome = .notCheckable(obstacle)
      return report
    }
    let data: LongTailedData
    do {
      data = try images()
      try DataManifest.check(data, against: run.data, file: directory.record.path)
    } catch let missing as MissingError {
      report.outcome = .notCheckable(missing.description)
      return report
    } catch let other as DataError where other.file == directory.record.path {
      report.outcome = .notCheckable("the images are not those of the run: \(other.description)")
      return report
    }
    report.segments = drawn(request)
    var worker = AuditWorker(self, data: data, report: report)
    do {
      let found = try worker.difference(isCancelled: isCancelled, progress: progress)
      worker.report.outcome = found.map(AuditReport.Outcome.differs) ?? .reproduced
    } catch let missing as AuditWorker.NoCheckpoint {
      worker.report.outcome = .notCheckable(missing.reason)
    }
    return worker.report
  }

  /// The reason why nothing can be recomputed, regardless of the data; nil if it can.
  private func obstacle(_ request: Request) -> String? {
    guard run.contract == .current else {
      return
        "the run was trained under contract \(run.contract), and contract \(NumericContract.current) is in force "
        + "here: \(run.contract.instruction)"
    }
    guard epochCount > 0 else { return "no epoch of it is on record, so there is no digest to compare" }
    if request.segments > 0, keepEvery == 0 {
      return "the run kept no checkpoints to begin segments at: train --keep-every N keeps them"
    }
    return nil
  }
}
