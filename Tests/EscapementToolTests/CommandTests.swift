import EscapementArtifacts
import Foundation
import EscapementLongTail
import Testing

@testable import EscapementTool

@Suite("The commands, run as processes")
struct CommandTests {
  private func json(_ text: String) throws -> JSON {
    try JSON(parsing: Data(text.utf8), file: "standard output")
  }

  @Test("an interrupted run exits with 75, and resuming gives the bits of an uninterrupted one")
  func interruption() throws {
    try ToolProcess.withDirectory { directory in
      let flags = [
        "--preset", "fixture/ce-sam", "--epochs", "6", "--batch-size", "64", "--metrics-every", "1",
      ]
      let whole = try ToolProcess.run(
        ["train", "--out", directory.appendingPathComponent("whole").path] + flags)
      #expect(whole.status == 0, "\(whole.errors)")

      let part = directory.appendingPathComponent("part")
      let stopped = try ToolProcess.run(["train", "--out", part.path] + flags) { process in
        // The signal is sent once the first step stands in the metrics.
        let metrics = part.appendingPathComponent("metrics.jsonl").path
        while process.isRunning, (try? Data(contentsOf: URL(fileURLWithPath: metrics)).count) ?? 0 == 0 {
          usleep(2000)
        }
        process.interrupt()
      }
      #expect(stopped.status == 75, "\(stopped.errors)")
      #expect(stopped.errorLines.count == 1 && stopped.errors.contains("train --resume --out \(part.path)"))
      let resumed = try ToolProcess.run(["train", "--resume", "--out", part.path])
      #expect(resumed.status == 0, "\(resumed.errors)")
      func digests(_ result: ToolProcess.Result) -> [Substring] {
        result.errorLines.map { $0.prefix { $0 != "," } }.filter {
          $0.hasPrefix("parameters ") || $0.hasPrefix("run ")
        }
      }
      #expect(digests(whole).count == 2)
      #expect(digests(resumed) == digests(whole))
    }
  }

  @Test("results go to standard output as text or JSON, and a pipe sees no progress")
  func output() throws {
    let list = try ToolProcess.run(["claims", "list"])
    #expect(list.status == 0 && list.errors.isEmpty && list.output.contains("T3b"))
    let claims = try json(ToolProcess.run(["claims", "list", "--json"]).output)
    #expect(claims.array?.contains { $0["id"]?.string == "H15" } == true)
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let exact = try ToolProcess.run(["claims", "list", "--tier", "exact"]).output
    #expect(exact.contains("H11") && !exact.contains("P12") && list.output.contains("P12"))
    #expect(try ToolProcess.run(["claims", "list", "--tier", "huge"]).status == 64)
    let page = try ToolProcess.run(["claims", "list", "--markdown", "--tier", "large"], in: root).output
    #expect(page.contains("### large") && !page.contains("### exact"))
    let plan = try ToolProcess.run(["verify", "--plan", "--no-timing"])
    #expect(plan.status == 0 && plan.output.contains("T12"))

    let verdict = try ToolProcess.run(["verify", "D1", "D4", "--json"], in: root)
    #expect(verdict.status == 0 && verdict.errors.isEmpty, "\(verdict.errors)")
    #expect(try json(verdict.output).object != nil)
    let large = try ToolProcess.run(["verify", "--tier", "large"], in: root)
    #expect(large.status == 2 && large.errors.isEmpty && large.output.contains("no runs of imagenet-lt/ce"))
    let none = try ToolProcess.run(["verify", "--tier", "cifar"], in: root)
    #expect(none.status == 2 && none.errorLines.count == 1)
    let version = try ToolProcess.run(["--version"])
    #expect(version.status == 0 && version.output == PackageVersion.current + "\n")
    #expect(try ToolProcess.run(["train", "--help"]).output.contains("escapement presets"))
    let presets = try ToolProcess.run(["presets", "cifar10-lt100"])
    #expect(presets.status == 0 && presets.output.contains("cifar10-lt100/ce-drw-sam"))
    let one = try json(ToolProcess.run(["presets", "fixture/ldam-drw"]).output)
    #expect(one["method"]?.string == "ldam-drw")
  }

  @Test("ESCAPEMENT_ISA forces the path that it names")
  func forcedPath() throws {
    let plain = try json(ToolProcess.run(["doctor", "--json"]).output)
    let paths = Set((plain["paths"]?.array ?? []).compactMap { $0["isa"]?.string })
    #expect(paths.contains("scalar"))
    for path in paths.sorted() {
      let forced = try ToolProcess.run(["doctor", "--json"], environment: ["ESCAPEMENT_ISA": path])
      let document = try json(forced.output)
      #expect(forced.status == 0 && document["currentISA"]?.string == path)
    }
  }

  @Test("threads are as many as the cores that a process may use, and doctor says what sets the number")
  func threads() throws {
    // The first CPU that this process may run on; 0 may be forbidden to it.
    let status = try String(contentsOf: URL(fileURLWithPath: "/proc/self/status"), encoding: .utf8)
    let list = try #require(status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") })
    let cpu = list.split(separator: "\t").last.map { $0.prefix(while: \.isNumber) } ?? "0"
    let environment = ["ESCAPEMENT_THREADS": ""]
    let all = try ToolProcess.run(["doctor", "--json"], environment: environment)
    let bound = try ToolProcess.run(
      ["doctor", "--json"], environment: environment, through: ["taskset", "-c", String(cpu)])
    let (free, one) = (try json(all.output), try json(bound.output))
    #expect(one["threads"]?.integer == 1 && one["cores"]?["allowed"]?.integer == 1, "\(bound.output)")
    let several = try #require(free["cores"]?["online"]?.integer) > 1
    #expect(one["threadsSource"]?.string == (several ? "affinity" : "cores"))
    let given = try ToolProcess.run(["doctor"], environment: ["ESCAPEMENT_THREADS": "3"])
    #expect(given.output.contains(", 3 threads (ESCAPEMENT_THREADS)"), "\(given.output)")
  }

  @Test("ESCAPEMENT_MEMORY sets what products keep, in GiB")
  func memory() throws {
    for (value, gibibytes) in [("", 1), ("3", 3)] {
      let found = try ToolProcess.run(["doctor", "--json"], environment: ["ESCAPEMENT_MEMORY": value])
      #expect(try json(found.output)["memory"]?.integer == gibibytes << 30)
    }
  }

  @Test("a changed verdict is exit 1 and is named")
  func changedVerdict() throws {
    try ToolProcess.withDirectory { directory in
      let record = #"{"schema": 1, "reason": "r", "claims": {"D1": {"outcome": "refuted", "procedure": 1}}}"#
      try Data(record.utf8).write(to: directory.appendingPathComponent("claims.json"))
      let result = try ToolProcess.run(["verify", "D1", "--golden", directory.path])
      #expect(result.status == 1)
      #expect(
        result.errors.contains("D1") && result.errors.contains("refuted")
          && result.errors.contains("supported"))
    }
  }

  @Test("a method given by flags is the one that is trained, and an empty tail is said")
  func methodByFlags() throws {
    try ToolProcess.withDirectory { directory in
      let run = directory.appendingPathComponent("run")
      let result = try ToolProcess.run([
        "train", "--preset", "fixture/ce", "--epochs", "2", "--loss", "ib", "--optimizer", "imbsam", "--eta",
        "10",
        "--metrics-every", "0", "--out", run.path,
      ])
      #expect(result.status == 0 && result.errors.contains("no class has fewer than 10 images"))
      let record = try json(
        String(decoding: FileContents.read(run.appendingPathComponent("run.json")), as: UTF8.self))
      #expect(record["method"]?.string == "ib-imbsam" && record["tail"]?.array?.isEmpty == true)
      // The loss that was asked for sets in within the two epochs.
      #expect(record["recipe"]?["loss"]?["start"]?.integer == 1)
      #expect(record["class_weights"]?.array?.count == 10)
      #expect(!result.errors.contains("does not reach"))
      let short = try ToolProcess.run([
        "train", "--preset", "fixture/ce-drw", "--epochs", "1", "--out",
        directory.appendingPathComponent("short").path,
      ])
      #expect(short.status == 0 && short.errors.contains("changes in epoch 8"))
    }
  }

  @Test("doctor finds that every path gives the same bits")
  func doctor() throws {
    let result = try ToolProcess.run(["doctor", "--json"])
    #expect(result.status == 0, "\(result.errors)")
    let report = try json(result.output)
    #expect(report["agrees"]?.bool == true)
    #expect(try #require(report["paths"]?.array).count >= 2)
  }

  @Test("fixtures are made as they are embedded")
  func fixtures() throws {
    try ToolProcess.withDirectory { directory in
      let made = try ToolProcess.run(["fixtures", "make", "--out", directory.path])
      let checked = try ToolProcess.run(["fixtures", "check", directory.path])
      #expect(made.status == 0 && checked.status == 0, "\(made.errors)\(checked.errors)")
      #expect(made.output == checked.output && made.output.contains("928"))
      try Data([1]).write(to: directory.appendingPathComponent("train.bin.gz"))
      let broken = try ToolProcess.run(["fixtures", "check", directory.path])
      #expect(broken.status == 65 && broken.errorLines.count == 1)
    }
  }

  @Test("an epoch's line is whole in a log, and fits the columns that are stated")
  func epochLine() throws {
    try ToolProcess.withDirectory { directory in
      func lines(_ columns: String?) throws -> [Substring] {
        let result = try ToolProcess.run(
          ["train", "--preset", "fixture/ce", "--epochs", "1", "--out", columns ?? "whole"],
          environment: columns.map { ["COLUMNS": $0] } ?? [:], in: directory)
        #expect(result.status == 0, "\(result.errors)")
        return result.output.split(separator: "\n")
      }
      let whole = try lines(nil)
      #expect(whole.count == 1 && whole[0].hasPrefix("epoch 1/1  lr 0.1  loss ") && whole[0].count > 80)
      let broken = try lines("40")
      #expect(broken.count > 2 && broken.allSatisfy { $0.count <= 40 })
      #expect(broken.dropFirst().allSatisfy { $0.hasPrefix("  ") })
      // The same figures in the same order; only the time and the rate may differ.
      let figures = broken.joined().split(separator: "  ")
      #expect(figures.dropLast(2) == whole[0].split(separator: "  ").dropLast(2))
    }
  }

  @Test("a time left is two units, and unknown before the first unit is done")
  func progress() {
    var text = ProgressText(label: "epoch 1/2", done: 10, total: 40, elapsed: 20)
    #expect(text.line == "epoch 1/2  25% 10/40, 1m00s left")
    // A resumed run: 5 units in 20 s, 30 to go.
    text.doneAtStart = 5
    #expect(text.secondsLeft == 120)
    text.done = 5
    #expect(text.secondsLeft == nil, "no unit was timed")
    #expect(ProgressText.duration(3725) == "1h02m")
    #expect(ProgressText.duration(.nan) == "?")
    #expect(EpochLine.fixed(-1.0049, 2) == "-1.00")
    #expect(EpochLine.fixed(99.999, 2) == "100.00")
  }
}
