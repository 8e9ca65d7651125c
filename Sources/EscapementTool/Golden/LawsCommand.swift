import ArgumentParser
import EscapementArtifacts
import EscapementDrawing
import EscapementTesting

/// `escapement laws`: which laws each update rule satisfies.
struct LawsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "laws",
    abstract: "Judges the update rules by the laws that they must keep, in single and double precision.",
    discussion: """
      A cell is "bits" where every compared bit agrees, the largest share of its bound that a deviation took \
      where the law has one, "-" where the law does not apply, and FAILS. Exit code 1 when a law fails.

      Example: escapement laws --optimizer sam
      """)

  @Option(help: ArgumentHelp("Judge this rule alone, in detail; may be repeated.", valueName: "NAME"))
  var optimizer: [String] = []
  @Flag(help: "Print one JSON object.") var json = false
  @OptionGroup var tables: TableOptions

  func run() throws {
    let subjects = try selected()
    let outcomes = subjects.map { Laws.check($0) }
    let failures = outcomes.joined().filter { !$0.holds }
    if json {
      Console.output(document(subjects, outcomes))
    } else if optimizer.isEmpty {
      Console.print(grid(subjects, outcomes), in: tables.layout)
    } else {
      let layout = tables.layout
      Console.print(outcomes.map { details($0).text(in: layout) }.joined(separator: "\n\n"))
    }
    for failure in failures { Console.error(failure.description) }
    if !failures.isEmpty { throw ExitCode(ExitStatus.differs.rawValue) }
  }

  private func selected() throws -> [RuleSubject] {
    let all = RuleSubject.builtIn
    for name in optimizer where !all.contains(where: { $0.name == name }) {
      throw UnknownName("the update rule", name, known: all.map(\.name))
    }
    return optimizer.isEmpty ? all : all.filter { optimizer.contains($0.name) }
  }

  /// One row per law and one column per rule.
  private func grid(_ subjects: [RuleSubject], _ outcomes: [[LawOutcome]]) -> TextTable {
    TextTable(
      heading: ["law"] + subjects.map(\.name),
      rows: Laws.all.map { law in
        [law.name] + outcomes.map { own in cell(own.filter { $0.law == law.name }) }
      }, outcomes: Set(1...max(1, subjects.count)))
  }

  private func cell(_ outcomes: [LawOutcome]) -> String {
    if outcomes.contains(where: { !$0.holds }) { return "FAILS" }
    let worst = outcomes.compactMap(\.comparison).max { $0.ratio < $1.ratio }
    return worst?.shareText ?? "-"
  }

  /// One row per law and element type.
  private func details(_ outcomes: [LawOutcome]) -> TextTable {
    var table = TextTable(
      heading: ["rule", "law", "type", "outcome", "deviation", "bound", "finding"], rightAligned: [4, 5],
      outcomes: [3], keys: 3)
    table.rows = outcomes.map { outcome in
      [
        outcome.subject, outcome.law, outcome.element, outcome.word, outcome.comparison?.deviationText ?? "",
        outcome.comparison?.boundText ?? "", outcome.finding,
      ]
    }
    return table
  }

  private func document(_ subjects: [RuleSubject], _ outcomes: [[LawOutcome]]) -> JSON {
    let laws = Laws.all.map { law in
      JSON.object(["name": .string(law.name), "statement": .string(law.statement)])
    }
    let results = outcomes.joined().map { outcome in
      JSON.object([
        "optimizer": .string(outcome.subject), "law": .string(outcome.law),
        "element": .string(outcome.element), "result": .string(outcome.word),
        "finding": .string(outcome.finding),
        "deviation": outcome.comparison.map { .number($0.deviation) } ?? .null,
        "bound": outcome.comparison.map { .number($0.bound) } ?? .null,
      ])
    }
    return .object([
      "laws": .array(laws), "optimizers": .array(subjects.map { .string($0.name) }),
      "outcomes": .array(results), "holds": .bool(outcomes.joined().allSatisfy(\.holds)),
    ])
  }
}
