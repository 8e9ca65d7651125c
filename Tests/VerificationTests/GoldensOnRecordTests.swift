import CKernels
import Foundation
import TestSupport
import Testing

@testable import Verification

@Suite struct GoldensOnRecordTests {
  static let store = GoldenStore(root: VerdictsOnRecordTests.file.deletingLastPathComponent())

  /// The runs on record come out bit for bit.
  @Test(arguments: ["training/sgd-resnet8", "training/sam-resnet8"]) func golden(path: String) throws {
    let golden = try #require(GoldenCatalogue.standard().first { $0.path == path })
    let outcome = try Self.store.check(golden)
    #expect(outcome == .same(count: 30 * 6 + 2 + 7 + 3), "\(outcome)")
  }

  @Test func anotherPathGivesTheSameBits() throws {
    let golden = try #require(GoldenCatalogue.standard().last)
    let path = ExecutionPath(isa: EK_ISA_SCALAR, threads: 1)
    #expect(try path.run { try Self.store.check(golden).agrees })
  }

  @Test func everyFileBelongsToACase() throws {
    let folder = Self.store.root.appendingPathComponent("training")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(files == (try GoldenCatalogue.standard().map { "\($0.name).json" }.sorted()))
  }

  @Test func unknownNamesListTheKnownOnes() throws {
    let cases = [GoldenTests.decay(0.5)]
    #expect(try GoldenCatalogue.selecting(["recurrence"], from: cases).map(\.path) == ["recurrence/decay"])
    #expect(try GoldenCatalogue.selecting([], from: cases).count == 1)
    let error = try #require(throws: UnknownGolden.self) {
      try GoldenCatalogue.selecting(["decay"], from: cases)
    }
    #expect(error.description == "no golden case is called \"decay\"; there are recurrence/decay")
  }
}
