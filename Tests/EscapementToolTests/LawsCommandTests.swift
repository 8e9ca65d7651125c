import EscapementArtifacts
import EscapementTesting
import Foundation
import Testing

@Suite("escapement laws")
struct LawsCommandTests {
  @Test("one rule in detail, as JSON, and a name that is none")
  func oneRule() throws {
    let text = try ToolProcess.run(["laws", "--optimizer", "sgd"])
    #expect(text.status == 0 && text.errors.isEmpty)
    #expect(text.output.contains("descent-order") && text.output.contains("it claims no radius"))

    let result = try ToolProcess.run(["laws", "--optimizer", "sgd", "--json"])
    let document = try JSON(parsing: Data(result.output.utf8), file: "standard output")
    #expect(result.status == 0 && document["holds"]?.bool == true)
    let outcomes = try #require(document["outcomes"]?.array)
    #expect(try outcomes.count == 2 * #require(document["laws"]?.array).count)
    let closed = try #require(outcomes.first { $0["law"]?.string == "closed-form" })
    #expect(try #require(closed["deviation"]?.double) <= #require(closed["bound"]?.double))

    let none = try ToolProcess.run(["laws", "--optimizer", "adam"])
    #expect(none.status == 64 && none.errorLines.count == 1 && none.errors.contains("lpf-sgd-4"))
  }

  @Test("the grid has every law of every rule, and none fails")
  func grid() throws {
    let result = try ToolProcess.run(["laws"])
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    #expect(!result.output.contains("FAILS"))
    let lines = result.output.split(separator: "\n").map { $0.split(separator: " ") }
    let headings = lines.filter { $0.first == "law" }
    #expect(headings.flatMap { $0.dropFirst() } == RuleSubject.builtIn.map { Substring($0.name) })
    for law in Laws.all {
      let cells = lines.filter { $0.first == Substring(law.name) }.flatMap { $0.dropFirst() }
      let applies = RuleSubject.builtIn.map { law.exemption(for: $0.claims) == nil }
      #expect(cells.map { $0 != "-" } == applies, "\(law.name)")
    }
  }
}
