import ArgumentParser
import EscapementArtifacts
import EscapementTraining
import EscapementVerification
import Foundation
import Testing

@testable import EscapementTool

/// What a mistyped or unusual command line is told, and what a shell completes.
@Suite("Command lines")
struct CommandLineTests {
  /// The line of a command line that cannot be parsed; nil if it can.
  private func line(_ words: [String]) -> String? {
    do {
      _ = try Escapement.parseAsRoot(CommandLineWords(words).joiningNegativeNumbers)
      return nil
    } catch {
      return Failure(error, arguments: words).line
    }
  }

  @Test(
    "a mistyped verb or flag is named with the nearest, whatever else is wrong",
    arguments: [
      ("trian --preset x", "no command is called 'trian' (did you mean train?); see 'escapement --help'"),
      (
        "data chek cifar10", "no command is called 'chek' (did you mean check?); see 'escapement data --help'"
      ),
      ("nothing", "no command is called 'nothing'; see 'escapement --help'"),
      // `train` would say first that it has no preset.
      (
        "train --presett fixture/ce",
        "unknown option '--presett' (did you mean --preset?); see 'escapement train --help'"
      ),
      (
        "train --preset a --rho -1 --otu r",
        "unknown option '--otu' (did you mean --out?); see 'escapement train --help'"
      ),
      (
        "data sheet fixture --colums 3",
        "unknown option '--colums' (did you mean --columns?); see 'escapement data sheet --help'"
      ),
      (
        "golden --sute training",
        "unknown option '--sute' (did you mean --suite?); see 'escapement golden --help'"
      ),
      ("train --frobnicate", "unknown option '--frobnicate'; see 'escapement train --help'"),
      // A value is none of the options.
      (
        "sweep run p --runs r --data --index",
        "Missing value for '--data <path>'; see 'escapement sweep run --help'"
      ),
    ])
  func typing(words: String, expected: String) {
    #expect(line(words.split(separator: " ").map(String.init)) == expected)
  }

  @Test("a word that was taken for an argument of the default command is named too")
  func defaultCommands() throws {
    let golden = try ToolProcess.run(["golden", "chekc"])
    #expect(golden.status == 64 && golden.errors.contains("(did you mean 'escapement golden check'?)"))
    let evidence = try ToolProcess.run(["evidence", "lits"])
    #expect(evidence.status == 69 && evidence.errors.contains("(did you mean 'escapement evidence list'?)"))
  }

  @Test(
    "a negative number is the value of the option before it",
    arguments: [
      ("train --preset fixture/ce --seed -1 --out r", "The value '-1' is invalid for '--seed <seed>'"),
      ("sweep run x --runs r --index -1", "--index is -1, expected 0 to \(SweepManifest.rowLimit - 1)"),
      ("sweep run x --runs r --jobs -1 --backend local", "--jobs is -1, expected 1 to 10000"),
      (
        "sweep run x --runs r --index 0 --checkpoint-every -1",
        "--checkpoint-every is -1, expected 0 to 1000000000"
      ),
      ("draw density x --width -1 --out y", "The value '-1' is invalid for '--width <auto|σ|p%|released>'"),
      (
        "draw density x --width -1e-3 --out y",
        "The value '-1e-3' is invalid for '--width <auto|σ|p%|released>'"
      ),
    ])
  func negativeNumbers(words: String, expected: String) {
    let line = line(words.split(separator: " ").map(String.init))
    #expect(line?.hasPrefix(expected) == true, "\(line ?? "no error")")
  }

  @Test("no option of any command misses a negative value")
  func everyOption() throws {
    func commands(_ command: JSON, _ path: [String]) -> [(path: [String], options: [String])] {
      let below = (command["subcommands"]?.array ?? []).flatMap { sub in
        commands(sub, path + [sub["commandName"]?.string ?? ""])
      }
      let options = (command["arguments"]?.array ?? []).filter { $0["kind"]?.string == "option" }
        .compactMap { $0["preferredName"]?["name"]?.string }
      return below + [(path, options)]
    }
    let tool = try JSON(parsing: Data(Escapement._dumpHelp().utf8), file: "help")
    let all = commands(try #require(tool["command"]), []).filter { $0.path != ["help"] }
    #expect(all.reduce(0) { $0 + $1.options.count } > 150)
    for (path, options) in all {
      for option in options {
        let words = CommandLineWords(path + ["--\(option)", "-1"]).joiningNegativeNumbers
        #expect(words == path + ["--\(option)=-1"], "\(path)")
      }
    }
    // A flag takes no value, and after "--" there are none.
    #expect(CommandLineWords(["train", "--json", "-1"]).joiningNegativeNumbers == ["train", "--json", "-1"])
  }

  @Test("a value that begins with a dash is explained, and the words of what is missing name the option")
  func dashes() {
    #expect(
      line(["train", "--preset", "fixture/ce", "--out", "-dash"])
        == "Missing value for '--out <dir>' (for a value that begins with a dash: --out=-dash); "
        + "see 'escapement train --help'")
  }

  @Test("values of an enumeration are listed on one line")
  func enumerations() {
    #expect(
      line(["data", "fetch", "cifar12"])
        == "The value 'cifar12' is invalid for '<data-set>'; known are 'cifar10' and 'cifar100'; "
        + "see 'escapement data fetch --help'")
    // The parser lists six or more on lines of their own.
    let many = ValidationError("The value 'x'. Please provide one of the following:\n  - a\n  - b  c")
    #expect(Failure(many).line == "The value 'x'; known are a, b  c; see 'escapement --help'")
  }

  @Test("every verb belongs to a job and has an example that can be parsed")
  func help() throws {
    let root = Escapement.configuration
    #expect(root.ungroupedSubcommands.isEmpty && root.groupedSubcommands.count == 4)
    let help = Escapement.helpMessage()
    #expect(help.contains("Start here: `escapement verify`"))
    for command in root.subcommands {
      let discussion = command.configuration.discussion
      let example = try #require(
        discussion.split(separator: "\n").last { $0.hasPrefix("Example: ") }, "\(command)")
      let words = example.split(separator: " ").dropFirst().map(String.init)
      #expect(words.first == "escapement" && words.count > 1 && words[1] == command._commandName)
      #expect(throws: Never.self, "\(example)") { try Escapement.parseAsRoot(Array(words.dropFirst())) }
    }
    #expect(SweepPlanCommand.helpMessage(columns: 400).contains("5 is seed 5 alone, not five seeds"))
  }

  @Test("a shell completes paths, presets and the names of choices")
  func completion() throws {
    try ToolProcess.withDirectory { directory in
      let script = try ToolProcess.run(["--generate-completion-script", "bash"])
      #expect(script.status == 0)
      try Data(script.output.utf8).write(to: directory.appendingPathComponent("c.bash"))
      try FileManager.default.createDirectory(
        at: directory.appendingPathComponent("run1"), withIntermediateDirectories: false)
      let program = """
        source c.bash
        try() {
          COMP_LINE="escapement $*"; read -ra COMP_WORDS <<<"$COMP_LINE"
          [[ $COMP_LINE == *' ' ]] && COMP_WORDS+=("")
          COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_POINT=${#COMP_LINE}; COMPREPLY=()
          _escapement escapement "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
          echo "${COMPREPLY[*]}"
        }
        try spectrum ru
        try train --out ru
        try draw density ru
        try train --preset fixture/ce-drw-s
        try train --weighting r
        """
      let process = Process()
      let output = Pipe()
      process.executableURL = URL(fileURLWithPath: "/bin/bash")
      process.arguments = ["-c", program]
      process.currentDirectoryURL = directory
      process.standardOutput = output
      process.standardError = FileHandle.nullDevice
      try process.run()
      let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      #expect(lines.prefix(3) == ["run1", "run1", "run1"], "\(lines)")
      #expect(lines.count > 4 && lines[3].split(separator: " ").contains("fixture/ce-drw-sam"), "\(lines)")
      #expect(lines.count > 4 && lines[4] == "rw rs", "\(lines)")
    }
  }
}
