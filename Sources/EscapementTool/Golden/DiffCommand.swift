import EscapementGoldens
import ArgumentParser
import EscapementArtifacts
import Foundation
import EscapementTraining
import EscapementVerification

/// `escapement diff A B`: where two runs diverge, and what differs first.
struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract:
      "Compares two run directories: the first divergent step, tensor and bit, and what differed first.",
    discussion: """
      Compares the records (recipe, data), then step by step on a ladder (data, order, initialization, rate, ρ, \
      forward, backward, ascent, update, evaluation), then the tensors of checkpoints that both kept. It reads what is \
      on record and trains nothing: --metrics-every 1 while training makes it sharp. Exit code 0 when the two are the \
      same, 1 when they differ. Two runs of one training that measured different things (spectra, flipped test images) \
      are "the same training; measured differently": 1, or 0 with --training.

      Example: escapement diff runs/a runs/b
      """)

  @Argument(help: ArgumentHelp("Run directory.", valueName: "A")) var left: FilePath
  @Argument(help: ArgumentHelp("Run directory.", valueName: "B")) var right: FilePath
  @Flag(help: "Exit code 0 also if the two differ only in what was measured.") var training = false
  @Flag(help: "Print one JSON object.") var json = false
  @OptionGroup var tables: TableOptions

  func run() throws {
    let runs = [left, right].map { RunDirectory($0.directory) }
    let comparison = try RunComparison(runs[0], runs[1])
    if json {
      Console.output(comparison.json)
    } else {
      Console.print(comparison.lines(in: tables.layout).joined(separator: "\n"))
    }
    let isExpected = comparison.agrees || training && comparison.isSameTraining
    if !isExpected { throw ExitCode(ExitStatus.differs.rawValue) }
  }
}
