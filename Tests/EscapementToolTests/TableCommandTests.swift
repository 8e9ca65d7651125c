import Testing
import EscapementVerification

/// The tables of commands, in a pipe.
@Suite("tables")
struct TableCommandTests {
  private static let commands = [
    ["claims", "list"], ["claims", "show", "T3"], ["presets"], ["presets", "fixture"],
    ["verify", "T3", "D1"],
    ["verify", "T3", "--detailed"], ["verify", "--plan", "--no-timing", "P1"],
    ["laws", "--optimizer", "sam"],
    ["golden", "list"], ["bench", "--list"], ["data", "check", "fixture"], ["doctor"],
  ]

  @Test(
    "a line has at most 80 columns, unless one word is longer, and no escape sequence", arguments: commands)
  func fits(command: [String]) throws {
    for (columns, limit) in [("", 80), ("0", 80), ("132", 132)] {
      let result = try ToolProcess.run(command, environment: ["COLUMNS": columns])
      #expect(!result.output.contains("\u{1B}"))
      for line in result.output.split(separator: "\n") where line.count > limit {
        // A name or a digest that is longer than a column of text stays whole.
        let longest = line.split(separator: " ").map(\.count).max() ?? 0
        #expect(longest > 24, "\(command) in \(columns): \(line)")
      }
    }
  }

  @Test("--wide prints the same words in whole lines", arguments: commands)
  func wide(command: [String]) throws {
    let whole = try ToolProcess.run(command + ["--wide"], environment: ["COLUMNS": "60"])
    let broad = try ToolProcess.run(command)
    #expect(whole.output == broad.output && whole.status == broad.status)
    let narrow = try ToolProcess.run(command, environment: ["COLUMNS": "60"])
    func words(_ text: String) -> Set<Substring> { Set(text.split(whereSeparator: \.isWhitespace)) }
    #expect(words(narrow.output) == words(whole.output))
  }

  @Test("claims list has the verdict on record beside the statement, and verify has both")
  func verdicts() throws {
    let claim = try #require(ClaimCatalog.standard["T3"])
    let list = try ToolProcess.run(["claims", "list"]).output.split(separator: "\n")
    #expect(
      list[0].split(separator: " ").prefix(5).joined(separator: " ") == "claim kind tier verdict statement")
    let row = try #require(list.first { $0.hasPrefix("T3 ") })
    let outcome = try #require(Baseline.built().entries["T3"]?.outcome.name)
    #expect(row.contains("  \(outcome)  ") && row.hasSuffix(claim.statement))
    #expect(list.contains { $0.contains("  not run  ") })
    #expect(try ToolProcess.run(["verify", "T3"]).output.contains(claim.statement))
  }
}
