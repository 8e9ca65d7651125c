import ArgumentParser
import EscapementArtifacts
import EscapementDrawing
import Foundation
import Testing
import EscapementVerification

@testable import EscapementTool

/// What `verify` prints and returns beyond the verdicts themselves.
@Suite("escapement verify")
struct VerifyCommandTests {
  /// A claim of that id: a procedure that looks at the class counts, or one that does not.
  private static func claim(
    _ id: String, looks: Bool, nulls: ClaimNulls = .losing([.permutedLabels])
  ) -> Claim {
    Claim(
      id: id, kind: .own, source: .supplement("§Z"), statement: "A statement.", tier: .exact, leaf: .data,
      weight: .remark, nulls: nulls, refutedBy: "Anything.",
      procedure: "One comparison.", variant: "plain"
    ) { context in
      let head = looks ? try context.subject.classCounts(.longTailed, classes: 10)[0] : 5000
      var evidence = Evidence()
      evidence.equal("images of the head", Double(head), to: 5000, within: 0, because: "a count")
      return evidence.verdict(ifAllHold: .supported, summary: "\(head) images")
    }
  }

  @Test("a claim that keeps its verdict under a null is exit 1, one that loses it 0, and none 2")
  func nulls() throws {
    func status(_ claims: [Claim]) -> Int32 {
      do {
        try NullReport(claims, under: .permutedLabels).write(json: true, in: .wide)
        return 0
      } catch let code as ExitCode {
        return code.rawValue
      } catch {
        return -1
      }
    }
    let (seeing, blind) = (Self.claim("D1", looks: true), Self.claim("D4", looks: false))
    #expect(status([seeing]) == 0)
    #expect(status([seeing, blind]) == 1)
    #expect(status([Self.claim("D5", looks: true, nulls: .none(because: "constants"))]) == 2)
  }

  @Test("the tool under a null: what is judged loses its verdict")
  func nullOfTheTool() throws {
    let lost = try ToolProcess.run(["verify", "D1", "--null", "permuted-labels"])
    #expect(lost.status == 0 && lost.errors.isEmpty && lost.output.contains("1 claims, 1 lose their verdict"))
    let unjudged = try ToolProcess.run(["verify", "D1", "--null", "identity-hessian"])
    #expect(unjudged.status == 2 && unjudged.output.contains("not judged"))
  }

  @Test("a claim that is named is judged in its tier, unless another is asked for")
  func tiersOfNamedClaims() throws {
    let named = try ToolProcess.run(["verify", "P1", "--plan", "--no-timing"])
    #expect(named.status == 0 && named.output.contains("P1"))
    let plain = try ToolProcess.run(["verify", "--plan", "--no-timing"])
    #expect(plain.status == 0 && plain.output.contains("H17") && !plain.output.contains("F-DRW"))
    let contrasts = try ToolProcess.run(["verify", "--tier", "contrast", "--plan", "--no-timing"])
    #expect(contrasts.output.contains("F-H1") && !contrasts.output.contains("H17"))
    let excluded = try ToolProcess.run(["verify", "P1", "--tier", "exact", "--plan"])
    #expect(excluded.status == 2 && excluded.errors.contains("no claim of tier exact"))
  }

  @Test("claims are asked for by place, by the beginning of ids and as a list")
  func places() throws {
    func planned(_ words: [String]) throws -> [String] {
      let result = try ToolProcess.run(["verify", "--plan", "--no-timing", "--json"] + words)
      #expect(result.status == 0, "\(words): \(result.errors)")
      let claims = try JSON(parsing: Data(result.output.utf8), file: "plan")["claims"]?.array ?? []
      return claims.compactMap { $0["id"]?.string }
    }
    let table = try planned(["supplement/table 3"])
    let rows = try planned(["--rows", "Table 3"])
    #expect(!table.isEmpty && table == rows)
    for id in table {
      #expect(ClaimCatalog.standard[id]?.source.place.contains("Table 3") == true, "\(id)")
    }
    #expect(try planned(["--claims", "T1, T2,S17"]) == ["T1", "T2", "S17-head", "S17-mid"])
    let begun = try planned(["--claims", "D*"])
    let positional = try planned(["D*"])
    #expect(begun.count > 1 && begun.allSatisfy { $0.hasPrefix("D") } && begun == positional)
    let judged = try ToolProcess.run(["verify", "D1", "T5", "--rows", "§B", "--json"])
    let record = try JSON(parsing: Data(judged.output.utf8), file: "record")
    #expect(record["claims"]?.array?.compactMap { $0["id"]?.string } == ["T5"], "\(judged.errors)")
  }

  @Test(
    "words that name no claim are refused in one line that names what is near",
    arguments: [
      (["poster/table 99"], "poster/"), (["supplement/Table 33"], "supplement/Table 3"),
      (["--rows", "Table 99"], "supplement/Table"), (["--claims", "T1,,T2"], "near: "), (["Q*"], "near: "),
      (["T1", "T33"], "T3"), (["--rows", ""], "near: "), (["--claims", ""], "near: "),
    ])
  func unknownWords(words: [String], near: String) throws {
    for command in [["verify"], ["verify", "--plan", "--no-timing"]] {
      let result = try ToolProcess.run(command + words)
      #expect(result.status == 64 && result.output.isEmpty, "\(words): \(result.errors)")
      #expect(result.errorLines.count == 1 && result.errors.contains(near), "\(result.errors)")
    }
  }

  @Test("away from the checkout the record that is part of the program is compared with")
  func builtInRecord() throws {
    try ToolProcess.withDirectory { directory in
      // D2 is refuted on record, so without a record the exit code would be 1.
      let away = try ToolProcess.run(["verify", "D1", "D2"], in: directory)
      #expect(away.status == 0, "\(away.errors)")
      let line = "compared with the verdicts on record in this program, version \(PackageVersion.current)"
      #expect(away.errors == line + "\n")
      #expect(away.output.hasSuffix("\nall as on record\n"), "\(away.output)")
      let page = try ToolProcess.run(["claims", "list", "D1", "--markdown"], in: directory)
      #expect(page.status == 0 && page.output.contains("supported"), "\(page.errors)")
      let mistyped = try ToolProcess.run(["verify", "D1", "--golden", "Goldne"], in: directory)
      #expect(mistyped.status == 69 && mistyped.errors.contains("Goldne/claims.json is missing"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
    }
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let here = try ToolProcess.run(["verify", "D1", "D2"], in: root)
    #expect(here.status == 0 && here.errors.isEmpty && here.output.hasSuffix("\nall as on record\n"))
    let file = root.appendingPathComponent("Golden/claims.json")
    #expect(try Baseline.built() == Baseline(contentsOf: file))
  }

  @Test("goldens that are not on record are exit 1, each a failure in junit.xml")
  func goldensThatAreNotThere() throws {
    try ToolProcess.withDirectory { directory in
      let verdict = #"{"outcome": "supported", "procedure": 1}"#
      let record = "{\"schema\": 1, \"reason\": \"r\", \"claims\": {\"D1\": \(verdict)}}"
      try Data(record.utf8).write(to: directory.appendingPathComponent("claims.json"))
      let out = directory.appendingPathComponent("out")
      let result = try ToolProcess.run([
        "verify", "D1", "--golden", directory.path, "--goldens", "--out", out.path,
      ])
      #expect(result.status == 1, "\(result.errors)")
      let names = result.errorLines.filter { $0.contains("not as on record") }
      #expect(!names.isEmpty && names.contains { $0.contains("training/sam-resnet8") })
      let junit = try String(contentsOf: out.appendingPathComponent("junit.xml"), encoding: .utf8)
      #expect(junit.components(separatedBy: "<failure").count - 1 == names.count)
    }
  }
}
