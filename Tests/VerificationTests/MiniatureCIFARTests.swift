import EscapementArtifacts
import EscapementFixtures
import EscapementLongTail
import Foundation
import Testing

@testable import EscapementGoldens

/// The goldens on CIFAR-10. `./ci.sh` computes them where CIFAR-10 is at hand; these tests have no images of it.
@Suite struct MiniatureCIFARTests {
  @Test func theRecordIsWholeAndCurrent() throws {
    let cases = try MiniatureCIFAR.cases(at: nil)
    #expect(cases.map(\.name) == ["ce-drw", "ce-drw-sam", "ldam-drw-sam", "ce-sse-sam"])
    for golden in cases {
      let record = try GoldenRecord(contentsOf: GoldensOnRecordTests.store.url(of: golden))
      #expect(record.provenance == golden.provenance, "\(golden.path)")
      #expect(record.values.count == 37 && record.values.allSatisfy { $0.mode == "exact" })
      let ends = try #require(record.values.first { $0.name == "λ_min by class" })
      guard case .series(let bits, 8) = ends.content else {
        Issue.record("\(golden.path): \(ends)")
        continue
      }
      #expect(bits.count == 10 && bits.allSatisfy { Double(bitPattern: $0) < 0 }, "saddles, class by class")
    }
  }

  @Test func withoutImagesACaseSaysWhatIsMissing() throws {
    let golden = try #require(try MiniatureCIFAR.cases(at: nil).first)
    let text = "CIFAR-10 is missing; name its archive or directory with --data or in ESCAPEMENT_CIFAR10"
    #expect(golden.missing?.description == text)
    #expect(throws: MissingError.self) { try golden.compute() }
    // A place is looked at when the case is computed.
    let place = URL(fileURLWithPath: "/nowhere/cifar")
    let placed = try #require(try MiniatureCIFAR.cases(at: place).first)
    #expect(placed.missing == nil && placed.provenance == golden.provenance)
    #expect { try placed.compute() } throws: { "\($0)".contains("/nowhere/cifar is missing") }
  }

  @Test func theManifestHasPositionsAndNoPixels() throws {
    let directory = try #require(EmbeddedFixture.locate(EmbeddedFixture.mini))
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["manifest.json"])
    let manifest = try JSON(
      parsing: Data(contentsOf: directory.appendingPathComponent("manifest.json")), file: "manifest.json")
    #expect(manifest["source"]?["kind"] == "published")
    for (part, total, available) in [("train", 1982, 50_000), ("test", 1000, 10_000)] {
      let lists = try #require(manifest["positions"]?[part]?.array).map {
        $0.array?.compactMap(\.integer) ?? []
      }
      #expect(lists.map(\.count) == manifest[part]?["counts"]?.array?.compactMap(\.integer))
      let all = lists.flatMap(\.self)
      #expect(
        all.count == total && Set(all).count == total && all.allSatisfy { (0..<available).contains($0) })
    }
  }
}
