import EscapementArtifacts
import Foundation
import Testing

@Suite("Outputs and descriptors of the tool")
struct OutputCommandTests {
  private static let short = ["train", "--preset", "fixture/ce", "--epochs", "1", "--metrics-every", "0"]

  /// Runs the tool under a shell, which closes or redirects its descriptors.
  private func shell(
    _ arguments: [String], _ redirections: String, in directory: URL? = nil
  ) throws -> ToolProcess.Result {
    try ToolProcess.run(
      arguments, in: directory, through: ["bash", "-c", "exec \"$0\" \"$@\" \(redirections)"])
  }

  private func names(_ directory: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
  }

  @Test("closed descriptors: nothing that is printed gets into a file of the run")
  func closedDescriptors() throws {
    try ToolProcess.withDirectory { directory in
      let result = try shell(Self.short + ["--out", "run"], ">&- 2>&- <&-", in: directory)
      #expect(result.status == 0)
      let metrics = directory.appendingPathComponent("run/metrics.jsonl")
      let lines = try String(contentsOf: metrics, encoding: .utf8).split(separator: "\n")
      #expect(lines.count == 2 && lines.allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") })
      let standing = try ToolProcess.run(["evidence", "list", "run"], in: directory)
      #expect(standing.output.contains("other epochs"), "\(standing.output)")
    }
  }

  @Test("a stream that cannot be written to changes no exit code but that of lost results")
  func fullStreams() throws {
    try ToolProcess.withDirectory { directory in
      for stream in ["2>/dev/full", "2>&-"] {
        #expect(try shell(["bogus"], stream).status == 64)
        #expect(try shell(["train", "--resume", "--out", "nowhere"], stream, in: directory).status == 69)
        let place = "run\(stream.count)"
        let trained = try shell(Self.short + ["--out", place], ">/dev/null \(stream)", in: directory)
        #expect(trained.status == 0)
      }
      for arguments in [["presets"], ["--help"], ["presets", "fixture/ce"]] {
        let lost = try shell(arguments, ">/dev/full")
        #expect(lost.status == 69 && lost.errors.contains("cannot write standard output: No space left"))
        #expect(lost.errorLines.count == 1)
      }
      // The reader of a pipe is gone after one line: the epoch that it read has its checkpoint.
      let words = Self.short.map { $0 == "1" ? "3" : $0 }.joined(separator: " ")
      let script = "\"$0\" \(words) --out piped 2>/dev/null | head -n 1"
      let piped = try ToolProcess.run([], in: directory, through: ["bash", "-c", script])
      #expect(piped.output.hasPrefix("epoch 1/3"))
      let kept = try names(directory.appendingPathComponent("piped/checkpoints"))
      #expect(kept.contains("step-00000029.json"))
    }
  }

  @Test("an output is a file, a device, a pipe or standard output, and never one of the inputs")
  func outputs() throws {
    try ToolProcess.withDirectory { directory in
      func tool(_ words: [String]) throws -> ToolProcess.Result { try ToolProcess.run(words, in: directory) }
      func text(_ name: String) throws -> String {
        try String(contentsOf: directory.appendingPathComponent(name), encoding: .utf8)
      }
      #expect(try tool(Self.short + ["--out", "run"]).status == 0)
      let manifest = try tool(["data", "manifest", "fixture", "--out", "-"]).output
      #expect(manifest.hasPrefix("{") && manifest.hasSuffix("}\n"))
      #expect(try tool(["report", "run", "--out", "-"]).output.hasPrefix("<!DOCTYPE html>"))
      let piped = try shell(
        ["data", "manifest", "fixture", "--out", "/dev/fd/3"], "3>copy >/dev/null", in: directory)
      #expect(try piped.status == 0 && text("copy") == manifest)
      // A link stays one, and what it leads to keeps its permissions.
      try Data("old".utf8).write(to: directory.appendingPathComponent("target"))
      try #require(chmod(directory.path + "/target", 0o600) == 0)
      try #require(symlink("target", directory.path + "/link") == 0)
      #expect(try tool(["data", "manifest", "fixture", "--out", "link"]).status == 0)
      #expect(try text("target") == manifest)
      var status = stat()
      #expect(lstat(directory.path + "/link", &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
      #expect(stat(directory.path + "/target", &status) == 0 && status.st_mode & 0o777 == 0o600)

      #expect(try tool(["weights", "export", "run", "w.safetensors"]).status == 0)
      let weights = try Data(contentsOf: directory.appendingPathComponent("w.safetensors"))
      let network = ["--network", "resnet8-w8", "--dataset", "fixture"]
      let refused: [([String], String)] = [
        (["weights", "evaluate", "w.safetensors"] + network + ["--logits", "w.safetensors"], "is an input"),
        (["weights", "evaluate", "w.safetensors"] + network + ["--logits", "same"], "is an input"),
        (["weights", "export", "run", "run/metrics.jsonl"], "belongs to a run"),
        (["report", "run", "--out", "run/run.json"], "belongs to a run"),
        (["amplification", "run", "--csv", "run/checkpoints/step-00000029.json"], "belongs to a run"),
        (["data", "manifest", "fixture", "--data", "data", "--out", "data/batch"], "lies in the input data"),
        (["sweep", "collect", "runs.csv", "--runs", "R", "--out", "."], "is an input"),
        (["spectrum", "w.safetensors"] + network + ["--out", "w.safetensors"], "is an input"),
        (["escape", "run", "--svg", "run/run.json"], "belongs to a run"),
        (["escape", "run", "--csv", "new", "--svg", "./new"], "--csv and --svg are one file"),
        (["escape", "run", "--csv", "-"], "is standard output"),
        (["spectrum", "run", "--out", "-"], "is standard output"),
        (["sweep", "plan", "--preset", "fixture/ce", "--out", "data/fifo"], "no regular file"),
        (
          ["spectrum", "v/class-9-0-smallest.safetensors"] + network
            + ["--class", "9", "--steps", "2", "--vectors", "v"], "is an input"
        ),
      ]
      try FileManager.default.createDirectory(
        at: directory.appendingPathComponent("v"), withIntermediateDirectories: false)
      try weights.write(to: directory.appendingPathComponent("v/class-9-0-smallest.safetensors"))
      try #require(symlink("w.safetensors", directory.path + "/same") == 0)
      try FileManager.default.createDirectory(
        at: directory.appendingPathComponent("data"), withIntermediateDirectories: false)
      try Data().write(to: directory.appendingPathComponent("data/batch"))
      try #require(mkfifo(directory.path + "/data/fifo", 0o600) == 0)
      #expect(try tool(["sweep", "plan", "--preset", "fixture/ce", "--out", "runs.csv"]).status == 0)
      let before = try names(directory).map {
        ($0, try? Data(contentsOf: directory.appendingPathComponent($0)))
      }
      for (words, reason) in refused {
        let result = try tool(words)
        #expect(result.status == 64 && result.errors.contains(reason), "\(words): \(result.errors)")
        #expect(result.errorLines.count == 1)
      }
      let after = try names(directory).map {
        ($0, try? Data(contentsOf: directory.appendingPathComponent($0)))
      }
      #expect(before.map(\.0) == after.map(\.0) && before.map(\.1) == after.map(\.1))
      #expect(try Data(contentsOf: directory.appendingPathComponent("w.safetensors")) == weights)
      // A page beside the run's own files may be written again.
      for _ in 0..<2 { #expect(try tool(["report", "run", "--out", "run/report.html"]).status == 0) }
      // Reported before anything is computed.
      let early = try tool(["spectrum", "run", "--landscape", "absent/l.svg"])
      #expect(
        early.status == 69 && early.errors.contains("create the directory first") && early.output.isEmpty)
    }
  }

  @Test("an empty path is refused by every command, and is not the current directory")
  func emptyPaths() throws {
    try ToolProcess.withDirectory { directory in
      let commands = [
        Self.short + ["--out", ""], Self.short + ["--out", "r", "--data", ""], ["verify", "T1", "--out", ""],
        ["verify", "T1", "--golden", ""], ["verify", "T1", "--runs", ""], ["spectrum", ""],
        ["spectrum", "r", "--out", ""], ["spectrum", "r", "--vectors", ""], ["weights", "export", "", "f"],
        ["weights", "export", "r", ""], ["fixtures", "make", "--out", ""], ["fixtures", "check", ""],
        ["vectors", "export", "--out", ""], ["data", "check", "fixture", "--data", ""],
        ["data", "list", "", "--root", "."], ["data", "list", "l", "--root", ""], ["evidence", "add", ""],
        ["evidence", "add", "r", "--to", ""], ["evidence", "list", ""], ["report", "", "--out", "f"],
        ["report", "r", "--out", ""], ["sweep", "status", "", "--runs", "R"], ["diff", "", "r"],
        ["sweep", "status", "p", "--runs", ""], ["sweep", "collect", "p", "--runs", "R", "--out", ""],
        ["golden", "check", "--golden", ""], ["draw", "density", "s", "--out", ""],
        ["draw", "density", "", "--out", "f"], ["draw", "course", "", "--out", "f"],
        ["draw", "dynamics", "", "--out", "f"],
        ["draw", "extremes", "a=", "--out", "f"], ["report", "r", "--spectra", "", "--out", "f"],
      ]
      for words in commands {
        let result = try ToolProcess.run(words, in: directory)
        #expect(
          result.status == 64 && result.errors.contains("' is invalid for '"), "\(words): \(result.errors)")
      }
      #expect(try names(directory).isEmpty)
    }
  }

  @Test("a count has a range, checked before it is used; a plan refuses what training refuses")
  func ranges() throws {
    try ToolProcess.withDirectory { directory in
      let train = ["train", "--preset", "fixture/ce", "--out", "run"]
      let plan = ["sweep", "plan", "--preset", "fixture/ce", "--out", "plan.csv"]
      let trained = [
        ("--batch-size", 10_000_000), ("--epochs", 100_000), ("--compress-to", 100_000),
        ("--drw-epoch", 100_000),
      ]
      let run = ["sweep", "run", "plan.csv", "--runs", "R"]
      // First those that end at once where the count is let through: the test stops at its first failure.
      var cases = [
        (run, "--index", 99_999), (run, "--jobs", 10_000), (run, "--cpus", 10_000),
        (run, "--warning", 1_000_000),
      ]
      cases += trained.flatMap { flag, most in [(plan, flag, most), (train, flag, most)] }
      for flag in [
        "--checkpoint-every", "--keep-every", "--metrics-every", "--digest-every", "--select-every", "--eta",
      ] {
        cases.append((train, flag, 1_000_000_000))
      }
      cases += [
        (train + ["--spectra", "0"], "--spectrum-steps", 10_000), (["bench"], "--repetitions", 1_000_000),
        (["amplification", "run"], "--controls", 10_000), (["amplification", "run"], "--batches", 1_000_000),
        (["amplification", "run"], "--steps", 10_000), (["amplification", "run"], "--resamples", 1_000_000),
        (["escape", "run"], "--steps", 1_000_000), (["escape", "run"], "--lanczos-steps", 10_000),
        (["spectrum", "run"], "--steps", 10_000), (["spectrum", "run"], "--probes", 1_000_000),
        (["spectrum", "run"], "--samples", 1_000_000_000), (["spectrum", "run"], "--radius", 1_000_000),
        (["evidence", "audit", "run"], "--epochs", 100_000),
        (["evidence", "audit", "run"], "--segments", 100_000),
        (["data", "fetch", "cifar10"], "--timeout", 1_000_000),
      ]
      for (words, flag, most) in cases {
        for value in [most + 1, Int.max] {
          let result = try ToolProcess.run(words + ["\(flag)=\(value)"], in: directory)
          try #require(
            result.status == 64 && result.errorLines.count == 1, "\(words) \(flag): \(result.errors)")
          try #require(
            result.errors.contains("\(flag) is ") && result.errors.contains("\(most)"), "\(result.errors)")
        }
      }
      #expect(try names(directory).isEmpty)
    }
  }

  @Test("the newest checkpoint is told where it is not the end, and refused where it holds no numbers")
  func newestCheckpoint() throws {
    try ToolProcess.withDirectory { directory in
      let run = directory.appendingPathComponent("run")
      let stopped = try ToolProcess.run(
        Self.short.map { $0 == "1" ? "50" : $0 } + ["--out", "run"], in: directory
      ) {
        let sidecar = run.appendingPathComponent("checkpoints/step-00000029.json")
        while $0.isRunning, !FileManager.default.fileExists(atPath: sidecar.path) { usleep(1000) }
        kill($0.processIdentifier, SIGHUP)
      }
      #expect(stopped.status == 75 && stopped.errors.contains("go on with"), "\(stopped.errors)")
      for words in [
        ["weights", "export", "run", "w.safetensors"], ["weights", "evaluate", "run"],
        ["spectrum", "run", "--class", "9", "--steps", "2"],
      ] {
        let result = try ToolProcess.run(words, in: directory)
        #expect(result.status == 0 && result.errors.contains("of 50 epochs: not the run's final weights"))
      }
      // Steps at such a rate leave numbers that are not finite.
      let diverged = try ToolProcess.run(
        Self.short + [
          "--learning-rate", "1e300", "--on-divergence", "skip", "--checkpoint-every", "1", "--out", "d",
        ],
        in: directory)
      #expect(diverged.status == 70 && diverged.errorLines.last?.contains("not finite") == true)
      let steps = try names(directory.appendingPathComponent("d/checkpoints")).filter { $0.hasSuffix("json") }
      let newest = try #require(steps.last)
      for words in [
        ["weights", "export", "d", "d.safetensors"], ["weights", "evaluate", "d"],
        ["amplification", "d", "--class", "9"],
      ] {
        let result = try ToolProcess.run(words, in: directory)
        #expect(result.status == 70 && result.errors.contains(newest), "\(words): \(result.errors)")
      }
      #expect(!FileManager.default.fileExists(atPath: directory.path + "/d.safetensors"))
    }
  }

  @Test("a signal ends every command with one line")
  func signals() throws {
    try ToolProcess.withDirectory { directory in
      func stopped(_ words: [String], by signal: Int32) throws -> ToolProcess.Result {
        try ToolProcess.run(words, in: directory) {
          usleep(1_500_000)
          kill($0.processIdentifier, signal)
        }
      }
      let words = ["verify", "--tier", "fixture"]
      for signal in [SIGINT, SIGHUP, SIGTERM] {
        let result = try stopped(words, by: signal)
        #expect(
          result.status == 75 && result.errors.hasSuffix("escapement: interrupted; run the command again\n"))
      }
      let export = try stopped(["vectors", "export", "--out", "v"], by: SIGINT)
      #expect(export.status == 75 && export.errorLines.count == 1)
      #expect(try names(directory.appendingPathComponent("v")).isEmpty)
      // nohup: the signal is ignored.
      let deaf = try ToolProcess.run(
        words, in: directory, through: ["bash", "-c", "trap '' HUP; exec \"$0\" \"$@\""]
      ) {
        usleep(1_000_000)
        kill($0.processIdentifier, SIGHUP)
        usleep(500_000)
        kill($0.processIdentifier, SIGINT)
      }
      #expect(deaf.status == 75)
    }
  }
}
