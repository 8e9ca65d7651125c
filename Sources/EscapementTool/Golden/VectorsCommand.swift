import EscapementGoldens
import ArgumentParser
import EscapementArtifacts
import Foundation
import EscapementVerification

/// `escapement vectors`: trajectories for checking another implementation of the rules.
struct VectorsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vectors",
    abstract: "Writes conformance vectors: 25 steps of every rule and loss, as safetensors and JSON.",
    discussion: "Example: escapement vectors export --case quadratic.sgd --out vectors",
    subcommands: [Export.self, List.self])

  /// `escapement vectors export --out DIR`.
  struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Takes the steps and writes inputs, noise and results, in double precision.",
      discussion: """
        Benchmarks/peers/conformance_reader.py reads the files; Benchmarks/peers/conformance.py DIR checks them \
        against an implementation on PyTorch. Documentation/Vectors.md describes them.
        """)

    @Option(help: "Directory to write into; made if it is not there, and refused if it is not empty.")
    var out: FilePath
    @Option(
      name: .customLong("case"),
      help: ArgumentHelp(
        "A case, as `vectors list` names it; repeat for more. All without one.", valueName: "name"))
    var cases: [String] = []
    @Flag(help: "Print the names as a JSON array.") var json = false

    func run() throws {
      let selected = try ConformanceCatalog.selecting(cases)
      let directory = try OutputDirectory(out.directory)
      let meter = ProgressMeter()
      defer { meter.clear() }
      Interruption.catchSignals()
      try ConformanceExport(cases: selected).write(to: directory.url) {
        if Interruption.isRequested {
          throw ToolError.interrupted("interrupted; nothing is kept: run it again")
        }
        meter.show(selected[$0].name, done: $0, total: selected.count)
      }
      VectorsCommand.report(selected, json: json)
    }
  }

  /// `escapement vectors list`.
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "The cases: PROBLEM.RULE or PROBLEM.RULE.LOSS.")

    @Flag(help: "Print the names as a JSON array.") var json = false

    func run() throws { VectorsCommand.report(ConformanceCatalog.cases, json: json) }
  }

  private static func report(_ cases: [ConformanceCase], json: Bool) {
    if json { return Console.output(.array(cases.map { .string($0.name) })) }
    Console.print(cases.map(\.name).joined(separator: "\n"))
  }
}
