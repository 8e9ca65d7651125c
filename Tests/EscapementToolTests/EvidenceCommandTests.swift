import EscapementArtifacts
import Foundation
import Testing
import EscapementTraining

@Suite("evidence, report, plan and nulls, run as processes")
struct EvidenceCommandTests {
  @Test("a run is added, listed, judged by and reported")
  func evidence() throws {
    try ToolProcess.withDirectory { directory in
      let run = directory.appendingPathComponent("run").path
      let trained = try ToolProcess.run([
        "train", "--preset", "fixture/ce", "--metrics-every", "0", "--digest-every", "0", "--out", run,
      ])
      #expect(trained.status == 0, "\(trained.errors)")
      // Evidence/ in the working directory is the folder of every command.
      let added = try ToolProcess.run(["evidence", "add", run], in: directory)
      #expect(added.status == 0 && added.output.contains("-seed0"), "\(added.errors)")
      #expect(
        try ToolProcess.run(["evidence", "add", run], in: directory).output.contains("is there already"))
      let list = try ToolProcess.run(["evidence", "list", "--json"], in: directory)
      let rows = try JSON(parsing: Data(list.output.utf8), file: "list")
      let row = try #require(rows.array?.first)
      #expect(row["counted"]?.bool == true && row["published"]?.bool == false)
      #expect(trained.errors.contains(try #require(row["digest"]?.string)))
      let page = directory.appendingPathComponent("page.html")
      let report = try ToolProcess.run(["report", run, "--out", page.path])
      #expect(report.status == 0 && report.output.isEmpty, "\(report.errors)")
      #expect(try String(contentsOf: page, encoding: .utf8).contains("fixture/ce, seed 0"))

      let judged = try ToolProcess.run(["verify", "P3"], in: directory)
      #expect(judged.status == 2 && judged.output.contains("no runs of cifar10-lt100/ce-drw"))
      // Without a word, of the claims about runs only those that the runs decide or that are on record.
      let golden = directory.appendingPathComponent("Golden")
      try FileManager.default.createDirectory(at: golden, withIntermediateDirectories: true)
      let verdict = #""P3-C10-acc": {"outcome": "supported", "procedure": 2}"#
      try Data(#"{"schema": 1, "reason": "r", "claims": {\#(verdict)}}"#.utf8)
        .write(to: golden.appendingPathComponent("claims.json"))
      let standard = try ToolProcess.run(["verify"], in: directory)
      try FileManager.default.removeItem(at: golden)
      let lost = "P3-C10-acc: on record supported, now not run"
      #expect(standard.status == 1 && standard.errors.contains(lost), "\(standard.errors)")
      #expect(standard.output.contains("P3-C10-acc ") && !standard.output.contains("P3-C10-tail "))
      let missing = try ToolProcess.run([
        "verify", "D1", "--runs", directory.appendingPathComponent("no").path,
      ])
      #expect(missing.status == 69 && missing.errorLines.count == 1)
      // What is not as the run's end left it counts for nothing, and the list says why.
      let copy = directory.appendingPathComponent("Evidence/copy")
      try FileManager.default.copyItem(at: URL(fileURLWithPath: run), to: copy)
      let metrics = copy.appendingPathComponent("metrics.jsonl")
      let text = try String(contentsOf: metrics, encoding: .utf8)
      func standing(_ changed: String) throws -> String {
        try Data(changed.utf8).write(to: metrics)
        let unused = try ToolProcess.run(["verify", "D1"], in: directory)
        #expect(unused.errors.contains("1 of 2 runs not counted"), "\(unused.errors)")
        let list = try ToolProcess.run(["evidence", "list", "--json"], in: directory)
        let rows = try JSON(parsing: Data(list.output.utf8), file: "list").array
        return try #require(
          rows?.first { $0["directory"]?.string?.hasSuffix("copy") == true }?["state"]?.string)
      }
      let digest = try #require(row["digest"]?.string)
      let other = (digest.hasPrefix("0") ? "1" : "0") + digest.dropFirst()
      let edited = text.replacingOccurrences(of: digest, with: other)
      #expect(try standing(edited).contains("metrics.jsonl: seal: found"))
      let lines = text.split(separator: "\n")
      let unsealed = lines.dropLast().joined(separator: "\n") + "\n"
      #expect(try standing(unsealed).contains("as the checkpoint after step 290 says"))
      // Without checkpoints nothing says that there was more.
      try FileManager.default.removeItem(at: copy.appendingPathComponent("checkpoints"))
      #expect(try standing(unsealed).contains("train --resume seals them"))
      #expect(try standing("").contains("unfinished, 0 of 10 epochs"))
      let refused = try ToolProcess.run(["evidence", "add", copy.path], in: directory)
      #expect(refused.status == 65 && refused.errorLines.count == 1)
      // Two runs of one recipe and seed with other digests: one of them is wrong.
      let changed = Data((edited.split(separator: "\n").dropLast().joined(separator: "\n") + "\n").utf8)
      let seal = MetricsSeal(
        of: changed, record: try Data(contentsOf: copy.appendingPathComponent("run.json")))
      try (changed + Data((seal.json.canonical() + "\n").utf8)).write(to: metrics)
      let conflict = try ToolProcess.run(["verify", "D1"], in: directory)
      #expect(conflict.status == 65 && conflict.errorLines.count == 1)
      #expect(conflict.errors.contains("Evidence/copy") && conflict.errors.contains("-seed0"))
    }
  }

  @Test("an audit reproduces an honest run, finds a forged one, and says what it cannot check")
  func audit() throws {
    try ToolProcess.withDirectory { directory in
      let run = directory.appendingPathComponent("run")
      let trained = try ToolProcess.run([
        "train", "--preset", "fixture/ce", "--epochs", "3", "--batch-size", "64", "--metrics-every", "5",
        "--keep-every", "1", "--out", run.path,
      ])
      #expect(trained.status == 0, "\(trained.errors)")
      // Nothing may be written, so nothing can be.
      let folders = [run.appendingPathComponent("checkpoints").path, run.path]
      for folder in folders { chmod(folder, 0o555) }
      defer { for folder in folders { chmod(folder, 0o755) } }
      let words = ["evidence", "audit", run.path]
      let honest = try ToolProcess.run(words + ["--segments", "2", "--audit-seed", "7"])
      #expect(honest.status == 0 && honest.errors.isEmpty, "\(honest.errors)\(honest.output)")
      #expect(honest.output.hasPrefix("reproduced: ") && honest.output.contains("of 1000 test images"))
      #expect(
        honest.output.contains("2 of 3 segments drawn")
          && honest.output.contains("probability 0.19 with 10 %"))
      let machine = try ToolProcess.run(words + ["--json"])
      let json = try JSON(parsing: Data(machine.output.utf8), file: "output")
      #expect(machine.status == 0 && json["outcome"]?.string == "reproduced")
      #expect(json["steps"]?.integer == 15 && json["steps_on_record"]?.integer == 45)
      for flags in [["--segments", "1"], ["--epochs", "0"], ["--epochs", "-1"]] {
        let wrong = try ToolProcess.run(words + flags)
        #expect(wrong.status == 64 && wrong.errorLines.count == 1, "\(wrong.errors)")
      }
      let none = try ToolProcess.run(["evidence", "audit", directory.appendingPathComponent("no").path])
      #expect(none.status == 69 && none.errorLines.count == 1)
      for folder in folders { chmod(folder, 0o755) }

      // An accuracy too good, sealed as if the run had ended with it.
      let metrics = run.appendingPathComponent("metrics.jsonl")
      let record = try Data(contentsOf: run.appendingPathComponent("run.json"))
      var lines = try String(contentsOf: metrics, encoding: .utf8).split(separator: "\n").map(String.init)
      _ = lines.removeLast()
      let place = try #require(lines.lastIndex { $0.contains("\"event\":\"epoch\"") })
      let digest = try #require(
        JSON(parsing: Data(lines[place].utf8), file: "line")["digest"]?.string)
      let other = (digest.hasPrefix("0") ? "1" : "0") + digest.dropFirst()
      let text = lines.joined(separator: "\n").replacingOccurrences(of: digest, with: other) + "\n"
      let seal = MetricsSeal(of: Data(text.utf8), record: record).json.canonical()
      try Data((text + seal + "\n").utf8).write(to: metrics)
      let forged = try ToolProcess.run(words + ["--epochs", "3"])
      #expect(
        forged.status == 1 && forged.output.hasPrefix("differs at step 45: its link"), "\(forged.output)")
      try FileManager.default.removeItem(at: run.appendingPathComponent("checkpoints"))
      let gone = try ToolProcess.run(words + ["--segments", "3", "--audit-seed", "1"])
      #expect(
        gone.status == 2 && gone.output.hasPrefix("not checkable: epochs 2 to 2 were drawn"), "\(gone.output)"
      )
    }
  }

  @Test("a plan trains nothing and names the commands; a null makes claims lose their verdicts")
  func planAndNull() throws {
    let plan = try ToolProcess.withDirectory { directory in
      try ToolProcess.run(
        ["verify", "S17", "T1", "--tier", "exact,paper", "--plan", "--json"],
        environment: ["XDG_CACHE_HOME": directory.path], in: directory)
    }
    #expect(plan.status == 0, "\(plan.errors)")
    let json = try JSON(parsing: Data(plan.output.utf8), file: "plan")
    #expect(json["totals"]?["runs"]?.integer == 5)
    #expect(try #require(json["totals"]?["seconds"]?.double) > 0)
    #expect(try #require(json["totals"]?["memory"]?.integer) > 1 << 20)
    #expect(json["requests"]?.array?.first?["commands"]?.array?.count == 5)
    let lost = try ToolProcess.run(["verify", "D1", "T5", "--null", "balanced"])
    #expect(lost.status == 0 && lost.output.contains("its nulls are rho-zero"), "\(lost.errors)")
    #expect(try ToolProcess.run(["verify", "T5", "--null", "balanced"]).status == 2)
    #expect(try ToolProcess.run(["verify", "--null", "nothing"]).status == 64)
  }

  @Test("every report is written, and annotations go to standard error")
  func reports() throws {
    try ToolProcess.withDirectory { directory in
      let record = #"{"schema": 1, "reason": "r", "claims": {"D1": {"outcome": "refuted", "procedure": 1}}}"#
      try Data(record.utf8).write(to: directory.appendingPathComponent("claims.json"))
      let out = directory.appendingPathComponent("out").path
      let result = try ToolProcess.run(
        ["verify", "D1", "--golden", ".", "--out", out, "--annotations", "--json"], in: directory)
      #expect(result.status == 1)
      #expect(
        result.errorLines.contains {
          $0.hasPrefix("::error file=./claims.json,title=Claim D1::D1: on record")
        }, "\(result.errors)")
      #expect(try JSON(parsing: Data(result.output.utf8), file: "output").object != nil)
      let names = try FileManager.default.contentsOfDirectory(atPath: out).sorted()
      #expect(names == ["junit.xml", "record.json", "report.html", "report.md"])
    }
  }
}
