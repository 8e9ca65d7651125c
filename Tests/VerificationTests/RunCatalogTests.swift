@testable import EscapementGoldens
import EscapementOptimizers
import Foundation
import Testing
import EscapementTraining

@testable import EscapementVerification

/// The catalog of claims about runs.
@Suite struct RunCatalogTests {
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

  @Test func aStatementHasQuestions() {
    for statement in Self.statements {
      #expect(!statement.questions.isEmpty, "\(statement.id)")
      #expect(Set(statement.questions).count == statement.questions.count, "\(statement.id)")
    }
  }

  /// Every readable number of the papers' accuracy tables is asked about once, and none twice.
  @Test func eachPrintedNumberIsAskedOnce() {
    var asked: [RunQuantity: Int] = [:]
    for question in Self.statements.flatMap(\.questions) {
      if case .agrees = question.test { asked[question.quantities[0], default: 0] += 1 }
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

  /// One claim a cell: runs on CIFAR-10 decide CIFAR-10's numbers and leave CIFAR-100's alone.
  @Test func aCellIsJudgedFromItsRuns() throws {
    func judge(_ id: String, _ method: String, shift: Double = 0) throws -> Verdict {
      let row = PublishedTable.posterResults.row("cifar10-lt100", method)
      let (selection, runs) = Self.row(row, shift: shift)
      return try #require(ClaimCatalog.standard[id]).judge(
        ClaimContext(runs: InMemoryEvidence([selection: runs])))
    }
    for figure in ["acc", "tail"] {
      let supported = try judge("P4-C10-\(figure)", "CE+DRW+SAM")
      #expect(supported.outcome == .supported, "\(figure): \(supported.summary)")
      #expect(try judge("P4-C10-\(figure)", "CE+DRW+SAM", shift: -30).outcome == .refuted)
      guard case .notRun = try judge("P4-C100-\(figure)", "CE+DRW+SAM").outcome else {
        Issue.record("runs on CIFAR-10 decided a number of CIFAR-100")
        return
      }
    }
    // 52.3 ± 3.7: the printed mean is known less well than the margin.
    let wide = try judge("P1-C10-tail", "CE")
    #expect(wide.outcome == .inconclusive)
    #expect(wide.details.contains { $0.contains("not settleable from the printed ± alone") })
  }

  /// The power that `claims show` prints is computed from what is printed, with 3, 5 and 10 seeds.
  @Test func everyTestStatesItsPower() throws {
    // The first claim of each family; the numbers of tables are families of one name.
    var names: Set<String> = []
    for claim in RunFamily.all.compactMap(\.claims.first) where names.insert(claim.family ?? "").inserted {
      let lines = claim.power?() ?? []
      #expect(!lines.isEmpty && lines.allSatisfy { $0.contains("seeds") }, "\(claim.id): \(lines)")
    }
    #expect(RunFamily.all.flatMap(\.claims).allSatisfy { $0.power != nil })
    let tail = try #require(ClaimCatalog.standard["P1-C10-tail"]?.power?())
    #expect(tail[0].contains("not settleable from the printed ± alone"))
    let gain = try #require(ClaimCatalog.standard["P9r-C10-ce-drw"]?.power?())
    #expect(gain[0].contains("if the printed means are true"))
    let curvature = try #require(ClaimCatalog.standard["H8"]?.power?())
    #expect(curvature[0].contains("nothing is printed of its size"))
  }

  /// The page in the repository is the one that the catalog and the record give.
  @Test func thePageIsTheCatalog() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let baseline = try Baseline(contentsOf: root.appendingPathComponent("Golden/claims.json"))
    let page = try String(contentsOf: root.appendingPathComponent("Documentation/Claims.md"), encoding: .utf8)
    #expect(
      page == ClaimCatalog.standard.markdown(record: baseline),
      "write it again: escapement claims list --markdown > Documentation/Claims.md")
  }
}
