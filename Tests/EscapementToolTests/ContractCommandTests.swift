import EscapementArtifacts
import Foundation
import Testing

/// The numeric contract as a user meets it. Each process is told how to convolve, whatever this one was.
@Suite("The numeric contract on the command line")
struct ContractCommandTests {
  private static let usual = ["ESCAPEMENT_CONVOLUTION": ""]
  private static let direct = ["ESCAPEMENT_CONVOLUTION": "direct"]

  private func json(_ text: String) throws -> JSON { try JSON(parsing: Data(text.utf8), file: "output") }

  @Test("doctor shows the contract in force, and what was set to get it")
  func doctor() throws {
    let usual = try ToolProcess.run(["doctor"], environment: Self.usual)
    #expect(usual.output.contains("numeric contract  2\n"))
    let direct = try ToolProcess.run(["doctor"], environment: Self.direct)
    #expect(direct.output.contains("numeric contract  2 direct, as ESCAPEMENT_CONVOLUTION=direct is set\n"))
    let document = try json(ToolProcess.run(["doctor", "--json"], environment: Self.direct).output)
    #expect(document["contract"] == "2 direct")
    let unknown = try ToolProcess.run(["doctor"], environment: ["ESCAPEMENT_CONVOLUTION": "fft"])
    #expect(unknown.status == 64 && unknown.errorLines.count == 1)
  }

  @Test(
    "a run states its contract; diff names both first, and neither resume nor a file of spectra mixes them")
  func runs() throws {
    try ToolProcess.withDirectory { directory in
      let (a, b) = (directory.appendingPathComponent("a").path, directory.appendingPathComponent("b").path)
      for (run, environment) in [(a, Self.usual), (b, Self.direct)] {
        let trained = try ToolProcess.run(
          ["train", "--preset", "fixture/ce", "--epochs", "1", "--metrics-every", "0", "--out", run],
          environment: environment)
        #expect(trained.status == 0, "\(trained.errors)")
      }
      #expect(try JSON(contentsOf: URL(fileURLWithPath: "\(b)/run.json"))["contract"] == "2 direct")
      let difference = try ToolProcess.run(["diff", a, b])
      #expect(difference.status == 1)
      #expect(
        difference.output.hasPrefix(
          "contracts: A was computed under 2, B under 2 direct: that alone makes their bits differ\nrecords:\n"
        ))
      let refused = try ToolProcess.run(["train", "--resume", "--out", b], environment: Self.usual)
      #expect(refused.status == 65 && refused.errorLines.count == 1)
      #expect(
        refused.errors.contains("run.json: contract: found a run begun under contract 2 direct")
          && refused.errors.contains("set ESCAPEMENT_CONVOLUTION=direct"), "\(refused.errors)")
      #expect(try ToolProcess.run(["train", "--resume", "--out", b], environment: Self.direct).status == 0)
      let list = try ToolProcess.run(["evidence", "list", directory.path, "--json"])
      #expect(try json(list.output).array?.compactMap { $0["contract"]?.string } == ["2", "2 direct"])
      let spectra = directory.appendingPathComponent("spectra.json").path
      func measure(_ environment: [String: String]) throws -> ToolProcess.Result {
        try ToolProcess.run(
          ["spectrum", a, "--class", "9", "--steps", "2", "--out", spectra], environment: environment)
      }
      #expect(try measure(Self.usual).status == 0)
      #expect(try JSON(contentsOf: URL(fileURLWithPath: spectra)).array?.first?["contract"] == "2")
      let other = directory.appendingPathComponent("direct.json").path
      #expect(
        try ToolProcess.run(
          ["spectrum", a, "--class", "9", "--steps", "2", "--out", other], environment: Self.direct
        ).status == 0)
      let drawn = try ToolProcess.run(
        ["draw", "density", spectra, other, "--out", directory.appendingPathComponent("d.svg").path])
      #expect(drawn.status == 0 && drawn.errors.contains("under the numeric contracts 2 direct, 2:"))
      let mixed = try measure(Self.direct)
      #expect(mixed.status == 65 && mixed.errorLines.count == 1)
      #expect(mixed.errors.contains("found a measurement under contract 2, expected contract 2 direct"))
    }
  }

  @Test("golden check says first, and in one line, that records are of another contract")
  func goldens() throws {
    try ToolProcess.withDirectory { directory in
      let names = ["trajectories/quadratic", "--golden", directory.path]
      let accepted = try ToolProcess.run(
        ["golden", "accept", "--reason", "a test"] + names, environment: Self.direct)
      #expect(accepted.status == 0, "\(accepted.errors)")
      #expect(try ToolProcess.run(["golden", "check"] + names, environment: Self.direct).status == 0)
      let other = try ToolProcess.run(["golden", "check", "--no-write"] + names, environment: Self.usual)
      #expect(other.status == 1)
      let lines = other.output.split(separator: "\n")
      #expect(lines.count == 2, "no value is shown: \(other.output)")
      #expect(
        lines[0].hasPrefix("1 of 1 records were made under contract 2 direct, this is contract 2:")
          && lines[0].contains("set ESCAPEMENT_CONVOLUTION=direct"))
      let machine = try ToolProcess.run(
        ["golden", "check", "--no-write", "--json"] + names, environment: Self.usual)
      #expect(try machine.status == 1 && json(machine.output)["contract"] == "2")
    }
  }

  @Test("golden accept takes names or --all")
  func everything() throws {
    for flags in [[], ["--all", "claims"], ["--all", "trajectories"]] {
      let result = try ToolProcess.run(["golden", "accept", "--reason", "r"] + flags)
      #expect(result.status == 64 && result.errorLines.count == 1, "\(flags)")
    }
  }
}
