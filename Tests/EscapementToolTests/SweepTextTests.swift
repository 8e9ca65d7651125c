import EscapementArtifacts
import Foundation
import Testing

@testable import EscapementTool

@Suite("Texts of sweeps")
struct SweepTextTests {
  @Test("task numbers as Slurm writes them, both ways")
  func ranges() {
    for bits in 0..<256 {
      let numbers = (0..<8).filter { bits >> $0 & 1 == 1 }
      let text = SlurmScript.ranges(numbers)
      #expect(SlurmScript.numbers(text[...]) == numbers)
      #expect(SlurmScript.numbers("[\(text)]%4") == numbers)
    }
    #expect(SlurmScript.ranges([0, 1, 2, 5, 7, 8]) == "0-2,5,7-8")
    for text in ["x", "1-", "3-1", "1-2-3", "0-99999999"] { #expect(SlurmScript.numbers(text[...]) == nil) }
  }

  @Test("words for a shell are quoted by scalars: an accent behind a quote hides nothing")
  func quoting() {
    #expect(ShellWord.quoted("runs/a-1_b.c") == "runs/a-1_b.c" && ShellWord.quoted("") == "''")
    #expect(ShellWord.quoted("it's") == "'it'\\''s'")
    // The quote and the accent are one Character.
    #expect(ShellWord.quoted("a'\u{301}; rm x") == "'a'\\''\u{301}; rm x'")
    #expect(ShellWord.quoted("a/\u{301}b") == "'a/\u{301}b'")
    // A command's first word with "=" would be an assignment; an option with its value is not.
    #expect(ShellWord.quoted("a=b") == "'a=b'" && ShellWord.quoted("--out=a") == "--out=a")
  }

  @Test("a command in a message is one line that shows every character and means the same to bash")
  func commandLines() throws {
    let words = [
      "two  blanks", "tab\there", "line\nend\\", "it's", "\u{FEFF}mark\t'", "no\u{A0}break", "", "-x", "é",
    ]
    let line = ShellWord.line(words)
    #expect(line.hasPrefix("'two  blanks' $'tab\\there' $'line\\nend\\\\' "))
    #expect(Failure.oneLine(line).isIdentical(to: line), "nothing is left to escape")
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", "printf '%s\\0' \(line)"]
    process.standardOutput = output
    try process.run()
    let read = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let back = read.split(separator: 0, omittingEmptySubsequences: false).dropLast().map {
      String(decoding: $0, as: UTF8.self)
    }
    #expect(back.count == words.count && zip(back, words).allSatisfy { $0.isIdentical(to: $1) }, "\(back)")
    #expect(ShellWord.option("--out", "-dash") == ["--out=-dash"])
    #expect(ShellWord.option("--out", "a b") == ["--out", "a b"])
  }

  @Test("seeds as numbers and ranges")
  func seeds() throws {
    #expect(try SweepGrid.seeds("0..<3,7,9...10") == [0, 1, 2, 7, 9, 10])
    #expect(try SweepGrid.seeds("18446744073709551614") == [.max - 1])
    for text in [
      "", "a", "1,,2", "3..<2", "0...18446744073709551615", "0..<1000000", "-1", "2..<2", "1...2...3",
    ] {
      #expect(throws: ToolError.self, "\(text)") { try SweepGrid.seeds(text) }
    }
  }

  @Test("the task index of each engine")
  func taskIndex() throws {
    #expect(try TaskIndex.value(in: ["SLURM_ARRAY_TASK_ID": "4"]) == 4)
    #expect(try TaskIndex.value(in: ["JOB_COMPLETION_INDEX": "0", "SGE_TASK_ID": "undefined"]) == 0)
    #expect(try TaskIndex.value(in: ["SGE_TASK_ID": "1"]) == 0)
    for environment in [
      [:], ["SGE_TASK_ID": "0"], ["SGE_TASK_ID": "undefined"], ["SLURM_ARRAY_TASK_ID": "x"],
      ["SLURM_ARRAY_TASK_ID": "-1"], ["SLURM_ARRAY_TASK_ID": "1", "JOB_COMPLETION_INDEX": "1"],
    ] {
      #expect(throws: ToolError.self, "\(environment)") { try TaskIndex.value(in: environment) }
    }
  }

  @Test("a Kubernetes Job maps the exit codes, and quotes what it is given")
  func kubernetes() {
    var job = KubernetesJob(
      name: "n", image: "i: \"x\"", volume: "v", mount: "/m", completions: 7, parallelism: 2, retries: 3,
      cpus: 2, memory: nil, command: ["a b", "- c"])
    let lines = job.yaml.split(separator: "\n").map { $0.trimmingPrefix { $0 == " " } }
    for line in [
      "completions: 7", "parallelism: 2", "backoffLimitPerIndex: 3", "values: [75]",
      "values: [64, 65, 69, 70]",
      #"image: "i: \"x\"""#, #"- "a b""#, #"- "- c""#, "restartPolicy: Never", "completionMode: Indexed",
    ] {
      #expect(lines.contains(line[...]), "\(line)")
    }
    #expect(!job.yaml.contains("memory"))
    job.memory = "2Gi"
    #expect(job.yaml.components(separatedBy: "memory: \"2Gi\"").count == 3)
  }
}
