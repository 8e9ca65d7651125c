import EscapementDrawing
@testable import EscapementGoldens
import EscapementArtifacts
import Foundation
import EscapementKernels
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@testable import EscapementVerification

@Suite struct ReportTests {
  static func record() throws -> VerificationRecord {
    var baseline = SyntheticRecord.baseline
    baseline.entries["B10"] = .init(outcome: .supported, procedureVersion: 1)
    return try SyntheticRecord.record(baseline: baseline)
  }

  static let origin = ReportOrigin(
    version: "1.2.3", time: "2026-01-02T03:04:05Z", machine: "m, avx2, 2 threads")

  /// Every report says which version wrote it, when, where, under which contract and about which papers.
  @Test func reportsSayWhereTheyAreFrom() throws {
    let record = try Self.record()
    let line =
      "escapement 1.2.3 · written 2026-01-02T03:04:05Z · machine m, avx2, 2 threads · numeric contract "
      + "\(NumericContract.current) · papers \(ReportOrigin.papers)"
    #expect(record.html(origin: Self.origin).contains(line))
    #expect(record.markdown(origin: Self.origin).contains(line))
    #expect(
      ReportOrigin.current.version == PackageVersion.current && ReportOrigin.current.time.hasSuffix("Z"))
  }

  @Test func text() throws {
    let expected = """
      claim  kind   verdict      held  statement and numbers
      A1     paper  supported     1/1  Statement of A1 with <tags> & a | bar.
                                       value 0.25
      A2     paper  conditional   1/1  Statement of A2 with <tags> & a | bar.
                                       value 0.25
                                       only if x > 2
      B10    paper  refuted       0/1  Statement of B10 with <tags> & a | bar.
                                       1 of 1 judged quantities failed, first a quantity: 0.75, expected 0.25 ± 0.001

      the papers' claims: 1 supported, 1 conditional, 1 refuted
      numeric contract \(NumericContract.current)
      changed: B10: on record supported, now refuted

      """
    #expect(try Self.record().text() == expected)
    let narrow = try Self.record().text(in: TextLayout(width: 80))
    #expect(narrow.split(separator: "\n").allSatisfy { $0.count <= 80 } && narrow.contains("\n         "))
    let detailed = try Self.record().text(detailed: true)
    #expect(detailed.contains("✗ a quantity: 0.75 (0.25 ± 0.001; stated)"))
    #expect(detailed.contains("· another: 7 of 9 (observed; for people)"))
  }

  @Test func jsonIsCanonicalAndReadsBack() throws {
    let record = try Self.record()
    let text = record.json().canonical(pretty: true)
    #expect(try JSON(parsing: Data(text.utf8), file: "report") == record.json())
    #expect(try Self.record().json().canonical(pretty: true) == text)
    let first = try #require(record.json()["claims"]?.array?.first)
    let value = try #require(first["measurements"]?.array?.first?["value"])
    #expect(value["bits"]?.string == "0x3fd0000000000000" && value["decimal"]?.double == 0.25)
    #expect(record.json()["exit"]?.integer == 1)
  }

  @Test func libraryNumbersCarryNoBits() throws {
    let catalog = ClaimCatalog([
      SyntheticRecord.claim("L1") { _ in SyntheticRecord.verdict(0.2500001234, .supported, rounded: true) }
    ])
    let record = try Verifier(catalog: catalog, context: ClaimContext(), baseline: nil).verify()
    let measurement = try #require(record.json()["claims"]?.array?.first?["measurements"]?.array?.first)
    #expect(measurement["value"] == .object(["decimal": .string("0.25")]))
  }

  @Test func junitIsWellFormed() throws {
    let record = try Self.record()
    let xml = record.junit()
    let cases = try ReadMarkup(xml)
    #expect(cases.count("testcase") == 3 && cases.count("failure") == 1 && cases.count("skipped") == 0)
    #expect(cases.attributes("failure") == ["message": "B10: on record supported, now refuted"])
    #expect(cases.text("failure").contains("✗ a quantity: 0.75 (0.25 ± 0.001; stated)"))
    #expect(cases.attributes("testcase")["name"] == "A1: Statement of A1 with <tags> & a | bar.")
    #expect(cases.attributes("testsuite")["tests"] == "3" && cases.attributes("testsuite")["failures"] == "1")
  }

  /// What was not run is skipped with its reason; goldens are a suite of their own.
  @Test func junitSkipsAndGoldens() throws {
    let catalog = ClaimCatalog([
      SyntheticRecord.claim("N1") { _ in
        Verdict(outcome: .notRun("no runs \u{1}<here>"), measurements: [], summary: "5 seeds are needed")
      }
    ])
    let record = try Verifier(catalog: catalog, context: ClaimContext(), baseline: nil).verify()
    let golden = GoldenRecord(reason: "r", provenance: [:], values: [.exact("loss", 1.5)])
    let difference = try #require(
      GoldenComparison([.exact("loss", (1.5).nextUp)], provenance: [:], with: golden))
    let cases = try ReadMarkup(
      record.junit(
        goldens: [("a", .same(count: 1), 1.25), ("b", .differs(difference), 0.5), ("c", .missing, 0)],
        origin: Self.origin))
    let suites = cases.all("testsuite").map(\.attributes)
    #expect(suites.last?["time"] == "1.750" && suites.last?["timestamp"] == "2026-01-02T03:04:05Z")
    #expect(cases.all("testcase").suffix(3).map { $0.attributes["time"] } == ["1.250", "0.500", "0.000"])
    // The claims' procedures are timed by the verifier.
    let own = try #require(cases.all("testcase").first?.attributes["time"].flatMap(Double.init))
    #expect(own >= 0 && record.entries[0].seconds != nil)
    let properties = cases.all("property").prefix(5).map { $0.attributes["value"] }
    #expect(
      properties == [
        "1.2.3", Self.origin.time, "m, avx2, 2 threads", "\(NumericContract.current)", ReportOrigin.papers,
      ])
    #expect(cases.count("testsuite") == 2 && cases.count("testcase") == 4)
    #expect(cases.count("skipped") == 1 && cases.count("failure") == 2)
    #expect(cases.attributes("skipped") == ["message": "no runs ·<here>"])
    #expect(cases.text("failure") == difference.lines.joined(separator: "\n"))
    #expect(cases.text("failure").contains("values: 1 of 1 differ, first value 1, loss"))
    // One that is not on record fails too, as the command's exit code does.
    #expect(cases.all("failure").last?.text.contains("golden accept c") == true)
  }

  @Test func markdownIsShort() throws {
    let page = try Self.record().markdown()
    #expect(
      page.contains(
        "- the papers' claims: 1 supported, 1 conditional, 1 refuted\n\nComputed under numeric contract "
          + "\(NumericContract.current)."))
    #expect(
      page.contains(
        "| A2 | conditional: only if x > 2 | “words of A2 &amp; &lt;more>” | "
          + "Statement of A2 with &lt;tags> &amp; a \\| bar. | value 0.25 |"))
    #expect(page.contains("- B10: on record supported, now refuted"))
    // GitHub refuses a job's summary above a mebibyte.
    let whole = try Verifier(context: ClaimContext(), baseline: nil).verify(tiers: [.paper, .large])
    let long = whole.markdown()
    #expect(long.utf8.count < 1000 && long.contains("\(whole.entries.count) not run"))
  }

  @Test func annotationsAreEscaped() throws {
    let catalog = ClaimCatalog([
      SyntheticRecord.claim("A1") { _ in
        Verdict(outcome: .inconclusive, measurements: [], summary: "50%\n::error::x")
      },
      SyntheticRecord.claim("B1") { _ in SyntheticRecord.verdict(0.75, .supported) },
      SyntheticRecord.claim("C1") { _ in SyntheticRecord.verdict(0.25, .supported) },
    ])
    let record = try Verifier(catalog: catalog, context: ClaimContext(), baseline: nil).verify()
    let lines = record.annotations(file: "a:b,c.json")
    #expect(lines.count == 2)
    #expect(
      lines[0]
        == "::warning file=a%3Ab%2Cc.json,title=Claim A1::inconclusive: 50%25%0A::error::x")
    #expect(lines[1].hasPrefix("::error file=a%3Ab%2Cc.json,title=Claim B1::B1: refuted%0A"))
  }

  @Test func figures() throws {
    let factor = try #require(ClaimCatalog.standard["T3"]?.figure?.drawing.svg)
    #expect(ClaimCatalog.standard["T8"]?.figure?.drawing.svg == factor)
    // ρ|λ| = 1 lies on the axis and ρ|λ| = 3 at the top, at (1 − 3)² = 4.
    #expect(factor.contains("165.33,256.00") && factor.contains("384.00,28.00"))
    let slope = try #require(ClaimCatalog.standard["T2"]?.figure?.drawing.svg)
    #expect(slope.components(separatedBy: "<circle").count == TruncationCurve.radii.count + 1)
    #expect(TruncationCurve.radii == [8, 16, 32, 64, 128, 256, 512, 1024].map { 1 / $0 })
    for figure in [factor, slope] { #expect(XMLParser(data: Data(figure.utf8)).parse()) }
  }
}
