import EscapementArtifacts
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
      #expect(first.status == 0 && first.errorLines.allSatisfy { $0.hasPrefix("wrote ") }, "\(first.errors)")
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

  @Test("an interrupted experiment exits with 75 and one line")
  func interruption() throws {
    try ToolProcess.withDirectory { directory in
      let run = directory.appendingPathComponent("run").path
      let trained = try ToolProcess.run(
        ["train", "--preset", "fixture/ce-drw", "--epochs", "1", "--batch-size", "64", "--out", run])
      #expect(trained.status == 0, "\(trained.errors)")
      // More steps than any machine takes before the signal.
      let stopped = try ToolProcess.run(["escape", run, "--class", "9", "--steps", "1000000000"]) { process in
        while process.isRunning, !Self.catchesInterrupts(process.processIdentifier) { usleep(2000) }
        process.interrupt()
      }
      #expect(stopped.status == 75 && stopped.output.isEmpty, "\(stopped.errors)")
      #expect(stopped.errorLines.count == 1 && stopped.errors.contains("run the command again"))
    }
  }

  /// Whether a process has a handler for SIGINT, the second bit of its mask.
  private static func catchesInterrupts(_ process: Int32) -> Bool {
    let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("SigCgt:") }
    return line.flatMap { UInt64($0.dropFirst(8), radix: 16) }.map { $0 & 2 != 0 } ?? false
  }
}
