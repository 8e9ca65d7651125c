import Artifacts
import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@testable import Verification

@Suite struct ReportTests {
  static func record() throws -> VerificationRecord {
    var baseline = SyntheticRecord.baseline
    baseline.entries["B10"] = .init(outcome: .supported, procedureVersion: 1)
    return try SyntheticRecord.record(baseline: baseline)
  }

  @Test func text() throws {
    let expected = """
      id   verdict      judged  numbers
      A1   supported    1/1     value 0.25
      A2   conditional  1/1     value 0.25
                                only if x > 2
      B10  refuted      0/1     1 of 1 judged quantities failed, first a quantity: 0.75, expected 0.25 ± 0.001

      3 claims: 1 supported, 1 conditional, 1 refuted
      changed: B10: on record supported, now refuted

      """
    #expect(try Self.record().text() == expected)
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
    let catalogue = ClaimCatalogue([
      SyntheticRecord.claim("L1") { _ in SyntheticRecord.verdict(0.2500001234, .supported, rounded: true) }
    ])
    let record = try Verifier(catalogue: catalogue, context: ClaimContext(), baseline: nil).verify()
    let measurement = try #require(record.json()["claims"]?.array?.first?["measurements"]?.array?.first)
    #expect(measurement["value"] == .object(["decimal": .string("0.25")]))
  }

  @Test func junitIsWellFormed() throws {
    let xml = try Self.record().junit()
    let parser = XMLParser(data: Data(xml.utf8))
    #expect(parser.parse())
    #expect(xml.contains("tests=\"3\" failures=\"1\" skipped=\"0\""))
    #expect(xml.contains("<failure message=\"B10: on record supported, now refuted\">"))
    #expect(xml.contains("&lt;tags&gt; &amp; a | bar"))
  }

  @Test func markdown() throws {
    let page = try Self.record().markdown()
    #expect(page.contains("| A2 | conditional: only if x > 2 | value 0.25 |"))
    #expect(page.contains("Repeat: `escapement verify B10`"))
    #expect(page.contains("- B10: on record supported, now refuted"))
  }

  @Test func htmlIsSelfContained() throws {
    let page = try Self.record().html()
    #expect(page.contains("<span class=\"conditional\">conditional</span>"))
    for outside in ["http://", "https://", "<script", "<link", "url("] {
      let stripped = page.replacing("http://www.w3.org/2000/svg", with: "")
      #expect(!stripped.contains(outside), "\(outside)")
    }
    #expect(!page.contains("<tags>"))
  }

  @Test func figures() throws {
    let factor = try #require(ClaimFigure.svg(for: "T3"))
    #expect(ClaimFigure.svg(for: "T8") == factor && ClaimFigure.svg(for: "M1") == nil)
    // ρ|λ| = 1 lies on the axis and ρ|λ| = 3 at the top, at (1 − 3)² = 4.
    #expect(factor.contains("218.67,256.00") && factor.contains("544.00,28.00"))
    let slope = try #require(ClaimFigure.svg(for: "T2"))
    #expect(slope.components(separatedBy: "<circle").count == TruncationCurve.radii.count + 1)
    for figure in [factor, slope] { #expect(XMLParser(data: Data(figure.utf8)).parse()) }
  }
}
