@testable import EscapementGoldens
import CEscapementKernels
import Foundation
import EscapementTestSupport
import Testing

@testable import EscapementVerification

@Suite struct GoldensOnRecordTests {
  static let store = GoldenStore(root: VerdictsOnRecordTests.file.deletingLastPathComponent())

  /// The runs on record come out bit for bit.
  @Test(arguments: ["training/sgd-resnet8", "training/sam-resnet8"]) func golden(path: String) throws {
    let golden = try #require(GoldenCatalog.standard().first { $0.path == path })
    let outcome = try Self.store.check(golden)
    #expect(outcome == .same(count: 30 * 9 + 2 + 2 + 2 + 7 + 3), "\(outcome)")
  }

  /// The trajectories on record come out bit for bit, the smaller ones also on one thread of
  /// the scalar path.
  @Test(arguments: ConformanceCatalog.problems.map(\.name)) func trajectories(problem: String) throws {
    let golden = try #require(GoldenCatalog.standard().first { $0.path == "trajectories/\(problem)" })
    let count = 4 * ConformanceCatalog.cases.filter { $0.problem.name == problem }.count
    let outcome = try Self.store.check(golden)
    #expect(outcome == .same(count: count), "\(outcome)")
    guard ["quadratic", "resnet8-cosine"].contains(problem) else { return }
    let path = ExecutionPath(isa: EK_ISA_SCALAR, threads: 1)
    let scalar = try path.run { try Self.store.check(golden) }
    #expect(scalar == .same(count: count), "\(path): \(scalar)")
  }

  /// One thread, and every vector path that this processor has. The scalar path takes a minute here; the tiny
  /// runs of `TrainingGoldenTests` cover it.
  @Test func otherPathsGiveTheSameBits() throws {
    let golden = try #require(GoldenCatalog.standard().first)
    let vector = ExecutionPath.availableSets.filter { $0 != EK_ISA_SCALAR }
    let paths =
      vector.map { ExecutionPath(isa: $0, threads: 1) } + vector.map { ExecutionPath(isa: $0, threads: 3) }
    for path in paths {
      let outcome = try path.run { try Self.store.check(golden) }
      #expect(outcome.agrees, "\(path): \(outcome)")
    }
  }

  @Test func everyFileBelongsToACase() throws {
    let cases = try GoldenCatalog.standard()
    #expect(try Self.store.unreferenced(by: cases, others: ["claims.json"]) == [])
    #expect(
      try Self.store.unreferenced(by: Array(cases.dropFirst())) == [
        "claims.json", "training/sgd-resnet8.json",
      ])
  }

  @Test func unknownNamesListTheKnownOnes() throws {
    let cases = [GoldenTests.decay(0.5)]
    #expect(try GoldenCatalog.selecting(["recurrence"], from: cases).map(\.path) == ["recurrence/decay"])
    #expect(try GoldenCatalog.selecting([], from: cases).count == 1)
    let error = try #require(throws: UnknownGolden.self) {
      try GoldenCatalog.selecting(["decay"], from: cases)
    }
    #expect(error.description == "no golden case is called \"decay\"; there are recurrence/decay")
  }
}
