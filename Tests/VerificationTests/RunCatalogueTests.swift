import Foundation
import Testing
import Training

@testable import Verification

/// The catalogue of claims about runs.
@Suite struct RunCatalogueTests {
  static let statements = RunFamily.all.flatMap(\.statements)

  @Test func withoutRunsNoneIsJudged() throws {
    for claim in RunFamily.all.flatMap(\.claims) {
      guard case .notRun(let reason) = try claim.judge(ClaimContext()).outcome else {
        Issue.record("\(claim.id) was judged")
        continue
      }
      #expect(!reason.isEmpty && claim.tier.waitsForRuns)
    }
  }

  /// Presets exist for every method but those of other papers.
  @Test func presetsExist() {
    let known = Set(Preset.all.map(\.name))
    let missing = Set(
      Self.statements.flatMap(\.questions).flatMap(\.quantities).map(\.selection.preset).filter {
        !known.contains($0)
      })
    #expect(
      missing.sorted() == ["crt", "disalign", "dro-lt", "lws", "mislas"].map { "imagenet-lt/\($0)" })
  }

  @Test func aStatementHasQuestionsOrAReason() {
    for statement in Self.statements {
      #expect(statement.questions.isEmpty == (statement.noTest != nil), "\(statement.id)")
      #expect(Set(statement.questions).count == statement.questions.count, "\(statement.id)")
    }
  }

  /// Every readable number of the papers' accuracy tables is asked about once, and none twice.
  @Test func eachPrintedNumberIsAskedOnce() {
    var asked: [RunQuantity: Int] = [:]
    for question in Self.statements.flatMap(\.questions) {
      if case .agrees(let quantity, _, _, _) = question { asked[quantity, default: 0] += 1 }
    }
    #expect(asked.values.allSatisfy { $0 == 1 })
    let tables: [PublishedTable] = [
      .posterResults, .posterOptimizers, .imageNet, .cifar10ByRatio, .cifar100ByRatio, .influenceAndContrast,
    ]
    var printed: Set<RunQuantity> = []
    for row in tables.flatMap(\.rows) {
      for cell in row.cells where cell.mean != nil {
        let metric: RunMetric =
          switch cell.quantity {
          case .head: .head
          case .mid: .mid
          case .tail: .tail
          default: .accuracy
          }
        printed.insert(RunQuantity(row.preset, metric))
      }
    }
    #expect(Set(asked.keys) == printed && printed.count == 174)
  }

  static func row(_ row: PublishedRow, shift: Double = 0) -> (RunSelection, [RunEvidence]) {
    let runs = [-0.2, -0.1, 0, 0.1, 0.2, -0.15, 0.15].enumerated().map { index, offset in
      RunEvidence(
        seed: UInt64(index), data: "cifar", isPublished: true,
        last: [
          .accuracy: row[.accuracy]! + shift + offset, .tail: row[.tail]! + shift - offset,
        ])
    }
    return (RunSelection(row.preset), runs)
  }

  /// Runs at the printed means support the row with small std, and cannot settle the one whose std is 0.6.
  @Test func aRowIsJudgedFromItsRuns() throws {
    func judge(_ id: String, _ method: String, shift: Double = 0) throws -> Verdict {
      let rows = PublishedTable.posterResults.rows.filter { $0.method == method }
      let evidence = InMemoryEvidence(
        Dictionary(uniqueKeysWithValues: rows.map { Self.row($0, shift: shift) }))
      return try #require(ClaimCatalogue.standard[id]).judge(ClaimContext(runs: evidence))
    }
    let supported = try judge("P8", "VS+SAM")
    #expect(supported.outcome == .supported, "\(supported.summary)")
    #expect(try judge("P8", "VS+SAM", shift: -8).outcome == .refuted)
    let unsettled = try judge("P3", "CE+DRW", shift: 0.2)
    #expect(unsettled.outcome == .inconclusive)
    #expect(unsettled.details.contains { $0.contains("not settleable: no number of seeds up to 100") })
    #expect(
      try judge("P1", "CE").details.contains { $0.contains("52.3 ± 3.7") && $0.contains("not settleable") })
  }

  /// The page in the repository is the one that the catalogue and the record give.
  @Test func thePageIsTheCatalogue() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let baseline = try Baseline(contentsOf: root.appendingPathComponent("Golden/claims.json"))
    let page = try String(contentsOf: root.appendingPathComponent("Documentation/Claims.md"), encoding: .utf8)
    #expect(
      page == ClaimCatalogue.standard.markdown(record: baseline),
      "write it anew: escapement claims list --markdown > Documentation/Claims.md")
  }
}
