import EscapementArtifacts
import Foundation
import Testing
import EscapementVerification

/// What `claims` shows of a claim and of its kind.
@Suite("escapement claims")
struct ClaimsCommandTests {
  private static func listed(_ words: String...) throws -> [JSON] {
    let result = try ToolProcess.run(["claims", "list", "--json"] + words)
    #expect(result.status == 0, "\(words): \(result.errors)")
    return try #require(try JSON(parsing: Data(result.output.utf8), file: "list").array)
  }

  @Test("claims of a kind are listed apart, and every entry carries kind, words, assumptions and family")
  func kinds() throws {
    let all = try Self.listed()
    #expect(all.count == ClaimCatalog.standard.claims.count)
    for (entry, claim) in zip(all, ClaimCatalog.standard.claims) {
      #expect(entry["kind"]?.string == claim.kind.rawValue && entry["quote"]?.string == claim.quote)
      #expect(entry["assumptions"]?.array?.compactMap(\.string) == claim.assumptions)
      #expect(entry["family"]?.string == claim.family)
    }
    var sum = 0
    for kind in ClaimKind.allCases {
      let members = try Self.listed("--kind", kind.rawValue)
      #expect(!members.isEmpty && members.allSatisfy { $0["kind"]?.string == kind.rawValue })
      sum += members.count
    }
    #expect(sum == all.count)
    #expect(try Self.listed("--kind", "paper,own").count + Self.listed("--kind", "consistency").count == sum)
    let table = try ToolProcess.run(["claims", "list", "--kind", "own"]).output
    #expect(table.hasPrefix("claim") && table.contains(" own "))
    for bad in ["ours", "", "paper,"] {
      let refused = try ToolProcess.run(["claims", "list", "--kind", bad])
      #expect(refused.status == 64 && refused.errorLines.count == 1, "\(refused.errors)")
      #expect(refused.errors.contains("paper, consistency, own"))
    }
  }

  @Test("the list takes ids and places as verify does")
  func places() throws {
    #expect(try Self.listed("T1", "t3").compactMap { $0["id"]?.string } == ["T1", "T3"])
    let theorem = try Self.listed("supplement/§B", "--tier", "exact")
    #expect(!theorem.isEmpty && theorem.allSatisfy { $0["source"]?.string?.contains("§B") == true })
    let refused = try ToolProcess.run(["claims", "list", "supplement/§Z"])
    #expect(refused.status == 64 && refused.errors.contains("supplement/§"), "\(refused.errors)")
  }

  @Test("one claim is shown with the paper's words beside the formal statement")
  func show() throws {
    let quoted = try #require(ClaimCatalog.standard.claims.first { $0.kind == .paper && $0.quote != nil })
    let shown = try ToolProcess.run(["claims", "show", quoted.id])
    #expect(shown.status == 0)
    let lines = shown.output.split(separator: "\n").map(String.init)
    func row(_ name: String) -> String? {
      lines.first { $0.hasPrefix(name + "  ") }.map {
        String($0.dropFirst(name.count).drop { $0 == " " })
      }
    }
    #expect(row("the paper's words") == "“\(quoted.quote ?? "")”")
    #expect(row("formal statement") == quoted.statement && row("refuted by") == quoted.refutedBy)
    #expect(row("kind") == "paper: the papers' claims")
    let own = try #require(ClaimCatalog.standard.claims.first { $0.kind == .own && $0.assumptions.isEmpty })
    let plain = try ToolProcess.run(["claims", "show", own.id]).output
    #expect(!plain.contains("the paper's words") && !plain.contains("assumed"))
    for claim in ClaimCatalog.standard.claims where !claim.assumptions.isEmpty {
      let text = try ToolProcess.run(["claims", "show", claim.id]).output
      for assumption in claim.assumptions {
        #expect(text.split(separator: "\n").contains { $0.hasSuffix(assumption) }, "\(claim.id)")
      }
      break
    }
    let several = try ToolProcess.run(["claims", "show", "D*"])
    #expect(several.status == 64 && several.errorLines.count == 1 && several.errors.contains("claims list"))
  }
}
