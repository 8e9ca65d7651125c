import ArgumentParser
import EscapementArtifacts
import Foundation
import EscapementLongTail
import EscapementTraining
import EscapementVerification

extension EvidenceCommand {
  /// `escapement evidence audit RUN`.
  struct Audit: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Recomputes parts of a run and compares every digest with the recorded ones; writes nothing.",
      discussion: """
        The first epochs are recomputed from the seed, and segments between kept checkpoints (train --keep-every) that \
        your own seed draws. Then the final weights, where they are there, are evaluated. Exit codes: 0 reproduced, \
        1 differs, 2 not checkable.
        """)

    @Argument(help: ArgumentHelp("Run directory, or a run of Evidence/.", valueName: "RUN"))
    var directory: FilePath
    @Option(
      help: ArgumentHelp(
        "The run's images: archive or directory; not needed for fixtures.", valueName: "path"))
    var data: FilePath?
    @Option(parsing: .unconditional, help: "Epochs to recompute from the seed on.") var epochs = 1
    @Option(parsing: .unconditional, help: "Segments to draw and recompute.") var segments = 0
    @Option(help: "The seed of the draw: a number of your own, that who trained the run did not know.")
    var auditSeed: UInt64?
    @Option(
      help: ArgumentHelp("Where the kept checkpoints lie; RUN/checkpoints without it.", valueName: "dir"))
    var checkpoints: FilePath?
    @Flag(help: "Print one JSON object.") var json = false

    func validate() throws {
      try CountRange.check([
        ("--epochs", epochs, 0...Recipe.epochLimit), ("--segments", segments, 0...Recipe.epochLimit),
      ])
      guard epochs > 0 || segments > 0 else {
        throw ValidationError("nothing would be recomputed: give --epochs or --segments")
      }
      guard segments == 0 || auditSeed != nil else {
        throw ValidationError("--segments needs --audit-seed, a number of your own")
      }
    }

    func run() throws {
      let audit = try RunAudit(
        RunDirectory(directory.directory),
        checkpoints: checkpoints?.directory)
      let request = RunAudit.Request(epochs: epochs, segments: segments, seed: auditSeed ?? 0)
      let meter = ProgressMeter()
      Interruption.catchSignals()
      let report: AuditReport
      do {
        report = try audit.report(
          request,
          images: {
            try LongTailedData.of(audit.directory.readRecord(), at: data)
          }, isCancelled: { Interruption.isRequested },
          progress: { meter.show($0.label, done: $0.done, total: $0.total) })
      } catch is RunAudit.Cancelled {
        meter.clear()
        throw ToolError.interrupted("interrupted; nothing is kept of an audit: run it again")
      }
      meter.clear()
      if json { Console.output(report.json) } else { Console.print(report.lines.joined(separator: "\n")) }
      if report.exitCode != 0 { throw ExitCode(report.exitCode) }
    }
  }
}
