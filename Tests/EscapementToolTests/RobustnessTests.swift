import Foundation
import Testing

@Suite("Training, abused as a process")
struct RobustnessTests {
  private let flags = [
    "--preset", "fixture/ce-drw", "--epochs", "2", "--batch-size", "128", "--metrics-every", "1",
    "--checkpoint-every", "2",
  ]

  /// The closing lines with the digests of parameters and chain.
  private func digests(_ result: ToolProcess.Result) -> [Substring] {
    result.errorLines.map { $0.prefix { $0 != "," } }.filter {
      $0.hasPrefix("parameters ") || $0.hasPrefix("run ")
    }
  }

  /// The lines without the remark on a short run.
  private func complaints(_ result: ToolProcess.Result) -> [Substring] {
    result.errorLines.filter { !$0.hasSuffix("does not reach") }
  }

  @Test("a second writer is told who holds the run; SIGUSR1 ends it with the command that goes on, quoted")
  func signalsAndWriters() throws {
    try ToolProcess.withDirectory { directory in
      let whole = try ToolProcess.run(
        ["train", "--out", directory.appendingPathComponent("whole").path] + flags)
      #expect(whole.status == 0 && digests(whole).count == 2, "\(whole.errors)")
      let run = directory.appendingPathComponent("it's $run")
      let first = try ToolProcess.run(["train", "--out", run.path] + flags) { process in
        let metrics = run.appendingPathComponent("metrics.jsonl")
        while process.isRunning, (try? Data(contentsOf: metrics).count) ?? 0 == 0 { usleep(1000) }
        // Stopped, so that it still holds the directory when the second one asks.
        kill(process.processIdentifier, SIGSTOP)
        for words in [["train", "--resume", "--out", run.path], ["train", "--out", run.path] + flags] {
          let second = try? ToolProcess.run(words)
          #expect(second?.status == 69, "\(second?.errors ?? "")")
          #expect(second.map(complaints)?.count == 1)
          #expect(second?.errors.contains("in use by process \(process.processIdentifier) on ") == true)
        }
        kill(process.processIdentifier, SIGUSR1)
        kill(process.processIdentifier, SIGCONT)
      }
      #expect(first.status == 75, "\(first.errors)")
      let line = try #require(complaints(first).first.map(String.init))
      let command = try #require(line.components(separatedBy: "go on with: ").last)
      #expect(complaints(first).count == 1 && command.hasSuffix("'\\''s $run'"), "\(line)")
      let resumed = try ToolProcess.run([], through: ["sh", "-c", command])
      #expect(resumed.status == 0 && digests(resumed) == digests(whole), "\(resumed.errors)")
    }
  }

  @Test("a file that may not grow is one line, and the run goes on without the limit")
  func fileSizeLimit() throws {
    try ToolProcess.withDirectory { directory in
      let whole = try ToolProcess.run(
        ["train", "--out", directory.appendingPathComponent("whole").path] + flags)
      // Blocks of 512 bytes, or of 1024 where the shell counts so: nothing; run.json; the first tensor file in part.
      for blocks in [1, 6, 100] {
        let run = directory.appendingPathComponent("run-\(blocks)")
        let limited = try ToolProcess.run(
          ["train", "--out", run.path] + flags,
          through: ["sh", "-c", "ulimit -f \(blocks); exec \"$0\" \"$@\""])
        #expect(limited.status == 69, "\(limited.errors)")
        #expect(complaints(limited).count == 1 && limited.errors.contains("ulimit -f"), "\(limited.errors)")
        let hasRecord = FileManager.default.fileExists(atPath: run.appendingPathComponent("run.json").path)
        #expect(hasRecord == (blocks > 1))
        let after = try ToolProcess.run(
          hasRecord ? ["train", "--resume", "--out", run.path] : ["train", "--out", run.path] + flags)
        #expect(after.status == 0 && digests(after) == digests(whole), "\(after.errors)")
      }
    }
  }

  @Test("a divergence names step, tensor and the last good checkpoint")
  func divergence() throws {
    try ToolProcess.withDirectory { directory in
      let run = directory.appendingPathComponent("run")
      let result = try ToolProcess.run(
        ["train", "--out", run.path, "--learning-rate", "1e30"] + flags)
      #expect(result.status == 70 && complaints(result).count == 1, "\(result.errors)")
      for part in [
        "step 1", "conv1.weight", run.appendingPathComponent("checkpoints/step-00000000.json").path,
      ] {
        #expect(result.errors.contains(part), "\(result.errors)")
      }
    }
  }
}
