import Artifacts
import Foundation
import Testing

@testable import EscapementTool

@Suite("escape, run as a process")
struct EscapeCommandTests {
  @Test("rules of a short fixture run are followed, twice with the same bytes")
  func followsRules() throws {
    try ToolProcess.withDirectory { directory in
      let run = directory.appendingPathComponent("run").path
      let trained = try ToolProcess.run(
        ["train", "--preset", "fixture/ce-drw", "--epochs", "2", "--batch-size", "64", "--out", run])
      #expect(trained.status == 0, "\(trained.errors)")
      let csv = directory.appendingPathComponent("escape.csv")
      let svg = directory.appendingPathComponent("escape.svg")
      let flags = [
        "escape", run, "--class", "9", "--rules", "sgd,sam", "--steps", "3", "--lanczos-steps", "10",
        "--rate", "0.01", "--json", "--csv", csv.path, "--svg", svg.path,
      ]
      let first = try ToolProcess.run(flags)
      #expect(first.status == 0 && first.errors.isEmpty, "\(first.errors)")
      let result = try JSON(parsing: Data(first.output.utf8), file: "standard output")
      #expect(result["rules"]?.array?.compactMap { $0["rule"]?.string } == ["sgd", "sam"])
      #expect(result["learning_rate"]?.double == 0.01 && result["weight_decay"]?.double == 0)
      #expect(result["rules"]?.array?[1]["positions"]?.array?.count == 4)
      #expect(try String(contentsOf: csv, encoding: .utf8).split(separator: "\n").count == 1 + 2 * 4)
      #expect(try String(contentsOf: svg, encoding: .utf8).hasPrefix("<svg"))
      #expect(try ToolProcess.run(flags, environment: ["ESCAPEMENT_THREADS": "1"]).output == first.output)

      let text = try ToolProcess.run(Array(flags.prefix(10)))
      #expect(text.status == 0 && text.output.contains("consistent"), "\(text.errors)")
      let unknown = try ToolProcess.run(["escape", run, "--rules", "sgd,newton"])
      #expect(unknown.status == 64 && unknown.errorLines.count == 1)
      #expect(unknown.errors.contains("newton") && unknown.errors.contains("lpf-sgd"))
      let wrong = try ToolProcess.run(["escape", run, "--rate", "0"])
      #expect(wrong.status == 64 && wrong.errors.contains("--rate"))
    }
  }
}
