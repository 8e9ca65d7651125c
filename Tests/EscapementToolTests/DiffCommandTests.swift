import EscapementArtifacts
import Foundation
import Testing

/// `escapement diff` and the writing of `escapement golden check`, as a user runs them.
@Suite("escapement diff and golden check")
struct DiffCommandTests {
  private func train(
    _ name: String, _ flags: [String] = [], preset: String = "fixture/ce-drw-sam", in directory: URL
  ) throws -> String {
    let run = directory.appendingPathComponent(name).path
    let result = try ToolProcess.run(
      ["train", "--preset", preset, "--epochs", "1", "--metrics-every", "1", "--out", run]
        + flags)
    #expect(result.status == 0, "\(result.errors)")
    return run
  }

  @Test("0 for the same, 1 for other runs, 65 for a damaged one, 69 for none")
  func exitCodes() throws {
    try ToolProcess.withDirectory { directory in
      let a = try train("a", in: directory)
      let b = try train("b", in: directory)
      let c = try train("c", ["--rho", "0.2"], in: directory)
      let same = try ToolProcess.run(["diff", a, b])
      #expect(same.status == 0 && same.output.hasSuffix("the same\n"), "\(same.errors)")
      let other = try ToolProcess.run(["diff", a, c])
      #expect(other.status == 1 && other.errors.isEmpty)
      #expect(other.output.contains("first divergent step: 1; first to differ: rho"))
      #expect(other.output.contains("recipe.optimizer.rho.rho") && other.output.contains("conv1.weight"))
      let machine = try ToolProcess.run(["diff", a, c, "--json"])
      let json = try JSON(parsing: Data(machine.output.utf8), file: "output")
      #expect(machine.status == 1 && json["same"]?.bool == false)
      #expect(json["trace"]?["first_rung"]?.string == "rho")
      #expect(json["trace"]?["first_divergent_step"]?.integer == 1)
      #expect(json["checkpoints"]?["tensor"]?["tensor"]?.string == "conv1.weight")
      try Data("{}\n".utf8).write(to: URL(fileURLWithPath: b).appendingPathComponent("metrics.jsonl"))
      let damaged = try ToolProcess.run(["diff", a, b])
      #expect(damaged.status == 65 && damaged.errorLines.count == 1 && damaged.output.isEmpty)
      let none = try ToolProcess.run(["diff", a, directory.appendingPathComponent("none").path])
      #expect(none.status == 69 && none.errorLines.count == 1)
    }
  }

  @Test("two runs of one training that measured different things are told apart from others")
  func measuredDifferently() throws {
    try ToolProcess.withDirectory { directory in
      let spectra = ["--spectra", "9", "--spectrum-steps", "3"]
      let a = try train("a", preset: "fixture/ce", in: directory)
      let b = try train("b", spectra + ["--test-time", "flip"], preset: "fixture/ce", in: directory)
      // Mirrored images change the counts, or their exception would not be tried.
      let tested = try [a, b].map { run in
        let metrics = try String(contentsOfFile: run + "/metrics.jsonl", encoding: .utf8)
        let line = try #require(metrics.split(separator: "\n").first { $0.contains("\"event\":\"epoch\"") })
        return try JSON(parsing: Data(line.utf8), file: "metrics")["test"]?["correct"]?.integer
      }
      #expect(tested[0] != nil && tested[1] != nil && tested[0] != tested[1], "\(tested)")
      let plain = try ToolProcess.run(["diff", a, b])
      #expect(plain.status == 1, "\(plain.errors)")
      #expect(plain.output.hasSuffix("the same training; measured differently\n"), "\(plain.output)")
      #expect(try ToolProcess.run(["diff", a, b, "--training"]).status == 0)
      let c = try train("c", spectra + ["--learning-rate", "0.2"], preset: "fixture/ce", in: directory)
      let other = try ToolProcess.run(["diff", a, c, "--training"])
      #expect(other.status == 1 && other.output.hasSuffix("\ndifferent\n"), "\(other.output)")
    }
  }

  @Test("a failed golden check leaves its values, but never in CI or with --no-write")
  func received() throws {
    try ToolProcess.withDirectory { directory in
      let golden = directory.appendingPathComponent("Golden").path
      let name = "trajectories/quadratic"
      func file(_ suffix: String) -> URL { URL(fileURLWithPath: "\(golden)/\(name)\(suffix)") }
      func exists(_ suffix: String) -> Bool { FileManager.default.fileExists(atPath: file(suffix).path) }
      func check(_ flags: [String] = [], ci: String = "") throws -> ToolProcess.Result {
        try ToolProcess.run(["golden", "check", name, "--golden", golden] + flags, environment: ["CI": ci])
      }
      let mistyped = try check()
      #expect(mistyped.status == 69 && mistyped.errors.contains("correct --golden"), "\(mistyped.errors)")
      #expect(!FileManager.default.fileExists(atPath: golden), "a mistyped directory is not created")
      try FileManager.default.createDirectory(atPath: golden, withIntermediateDirectories: false)
      #expect(try check(ci: "true").status == 1 && !exists(".received.json"), "CI never writes")
      #expect(try check(["--no-write"]).status == 1 && !exists(".received.json"))
      let missing = try check()
      #expect(missing.status == 1 && missing.output.contains("missing") && exists(".received.json"))
      let accepted = try ToolProcess.run([
        "golden", "accept", name, "--reason", "a test", "--golden", golden,
      ])
      #expect(accepted.status == 0 && accepted.output.contains("first record of"), "\(accepted.errors)")
      #expect(exists(".json") && !exists(".received.json"))
      #expect(try check().status == 0)
      let record = try JSON(contentsOf: file(".json"))
      #expect(record["accepted"]?["who"]?.string?.isEmpty == false && record["reason"]?.string == "a test")
      // The record of another case in this one's place: names, lengths and values differ.
      let other = directory.appendingPathComponent("other").path
      #expect(
        try ToolProcess.run([
          "golden", "accept", "trajectories/perceptron", "--reason", "a test", "--golden", other,
        ]).status == 0)
      try Data(contentsOf: URL(fileURLWithPath: "\(other)/trajectories/perceptron.json")).write(
        to: file(".json"))
      let wrong = try check(["--json"])
      #expect(wrong.status == 1 && exists(".received.json"))
      #expect(wrong.output.contains("length: ") && wrong.output.contains("missing keys: "))
      // Without a name all files must belong to a case; the check of all cases is left to ci.sh.
    }
  }
}
