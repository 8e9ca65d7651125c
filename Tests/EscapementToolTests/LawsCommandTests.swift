import Artifacts
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
}
