import LongTail
import Testing
import Training

@testable import Verification

/// The claims about printed numbers: each changes its verdict when the number it hangs on is another one.
@Suite struct PublishedClaimTests {
  /// One cell put in place of a printed one.
  struct Edit: Sendable {
    var table: String
    var data: String
    var method: String
    var quantity: PublishedQuantity
    var value: Double

    init(_ table: String, _ data: String, _ method: String, _ quantity: PublishedQuantity, _ value: Double) {
      self.table = table
      self.data = data
      self.method = method
      self.quantity = quantity
      self.value = value
    }

    func applied(to tables: [PublishedTable]) throws -> [PublishedTable] {
      var found = 0
      let edited = tables.map { table in
        PublishedTable(
          id: table.id, source: table.source,
          rows: table.rows.map { row in
            guard table.id == self.table, row.data == data, row.method == method else { return row }
            return PublishedRow(
              data: row.data, method: row.method,
              cells: row.cells.map { cell in
                guard cell.quantity == quantity else { return cell }
                found += 1
                return PublishedCell(quantity: quantity, mean: value, std: cell.std)
              })
          })
      }
      try #require(found == 1, "one cell is edited")
      return edited
    }
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var id: String
    var becomes: String
    var edits: [Edit]
    var testDescription: String { "\(id) → \(becomes)" }

    init(_ id: String, _ becomes: String, _ edits: Edit...) {
      self.id = id
      self.becomes = becomes
      self.edits = edits
    }
  }

  static let ten = "cifar10-lt100"
  static let hundred = "cifar100-lt100"

  static let cases: [Case] = [
    Case("D3", "refuted", Edit("supplement-4", "cifar100-lt10", "CE+DRW", .accuracy, 57.9)),
    Case("D5", "refuted", Edit("supplement-2", "imagenet-lt", "LDAM+DRW", .accuracy, 50.1)),
    Case(
      "S-T2", "supported", Edit("supplement-2", "imagenet-lt", "DisAlign", .accuracy, 52.3),
      Edit("supplement-2", "imagenet-lt", "DRO-LT", .accuracy, 52.6)),
    Case("S-T3", "refuted", Edit("supplement-3", "cifar10-lt200", "CE+DRW", .head, 91.9)),
    Case("S-T4", "supported", Edit("supplement-4", "cifar100-lt50", "CE+DRW+SAM", .accuracy, 49.9)),
    Case("P9", "refuted", Edit("poster-results", ten, "CE+SAM", .accuracy, 71.7)),
    Case("P10", "refuted", Edit("poster-results", hundred, "LDAM+DRW+SAM", .tail, 19.4)),
    Case(
      "P10", "supported", Edit("poster-results", ten, "CE+SAM", .tail, 52.4),
      Edit("poster-results", hundred, "CE+SAM", .tail, 8.3)),
    Case("P10", "conditional", Edit("poster-results", ten, "CE+SAM", .tail, 52.4)),
    Case("P11", "refuted", Edit("poster-results", ten, "LDAM+DRW+SAM", .accuracy, 82.4)),
    Case("P13", "refuted", Edit("poster-optimizers", ten, "CE+DRW", .tail, 61.5)),
    Case("P16", "refuted", Edit("poster-results", hundred, "CE+DRW+SAM", .accuracy, 44.7)),
    Case("P17", "refuted", Edit("poster-optimizers", hundred, "CE+DRW+PGD", .accuracy, 42.9)),
    Case("P17", "refuted", Edit("poster-optimizers", hundred, "CE+DRW+LPF-SGD", .tail, 14.7)),
    Case(
      "R3", "refuted", Edit("supplement-1", "cifar10-step100", "CE+DRW+SAM", .radius, 0.1),
      Edit("supplement-1", "cifar10-step100", "VS+SAM", .radius, 0.1)),
    Case("G1", "refuted", Edit("supplement-3", "cifar10-lt10", "LDAM+DRW+SAM", .accuracy, 87.8)),
    Case("G1", "refuted", Edit("poster-results", ten, "LDAM+DRW+SAM", .accuracy, 77.4)),
    Case("G2", "refuted", Edit("supplement-text", "cifar10-lt", "mean of eight", .accuracyGain, 4.2)),
    Case("G3", "refuted", Edit("supplement-text", "cifar100-lt", "mean of eight", .tailGain, 3.7)),
    Case("G4", "supported", Edit("supplement-text", "cifar10-lt10", "CE+DRW", .accuracyGain, 1.4)),
    Case("G5", "refuted", Edit("supplement-3", "cifar10-lt200", "CE+DRW+SAM", .tail, 64.1)),
    Case("G8", "refuted", Edit("supplement-text", "imagenet-lt", "LDAM+DRW", .tailGain, 6.4)),
    Case("G6", "refuted", Edit("supplement-3", "cifar10-lt50", "CE+DRW+SAM", .tail, 75.9)),
    Case("G9", "refuted", Edit("supplement-2", "imagenet-lt", "DisAlign", .accuracy, 53.1)),
    Case("G9", "supported", Edit("supplement-2", "imagenet-lt", "MisLAS", .tail, 34.7)),
    Case("G10", "refuted", Edit("supplement-5", "cifar100-lt200", "PaCo+SAM", .tail, 26.9)),
    Case("H11", "supported", Edit("poster-results", ten, "LDAM+DRW+SAM", .tail, 79.1)),
    Case("D8", "refuted", Edit("supplement-1", "cifar100-step100", "VS+SAM", .radius, 0.5)),
  ]

  static func judge(
    _ id: String, tables: [PublishedTable] = PublishedTable.all, presets: [Preset] = Preset.all
  )
    throws -> Verdict
  {
    try #require(ClaimCatalogue.standard[id]).judge(ClaimContext(tables: tables, presets: presets))
  }

  @Test(arguments: cases) func anotherNumberChangesTheVerdict(_ entry: Case) throws {
    let tables = try entry.edits.reduce(PublishedTable.all) { try $1.applied(to: $0) }
    let verdict = try Self.judge(entry.id, tables: tables)
    #expect(verdict.outcome.name == entry.becomes, "\(verdict.summary)")
  }

  static let presetCases: [(id: String, becomes: String, edit: @Sendable (inout Recipe) -> Void)] = [
    ("D6", "supported", { $0.schedule = .asPrinted() }),
    ("D7", "refuted", { if case .vs = $0.loss { $0.loss = .vs(gamma: 0.3, tau: 1) } }),
    ("D7", "refuted", { if case .vs = $0.loss { $0.loss = .vs(gamma: 0.05, tau: 1) } }),
    ("D7", "refuted", { if case .ldam = $0.loss { $0.loss = .ldam(maximum: 0.4, scale: 30) } }),
    ("D8", "refuted", { if $0.data == "cifar10-lt50" { $0.momentum = 0.8 } }),
    ("D8", "refuted", { if $0.data == "cifar10-lt50" { $0.batchSize = 64 } }),
    ("D8", "refuted", { if $0.loss == .vs { $0.epochs = 200 } }),
    ("D8", "refuted", { if $0.data == "cifar100-lt10" { $0.architecture = .resNet34 } }),
    ("D9", "refuted", { if $0.data == "inat18" { $0.schedule.base = 0.2 } }),
    ("D9", "refuted", { if $0.data == "inat18" { $0.epochs = 100 } }),
    (
      "M4", "refuted",
      {
        if case .lpfSGD(let r, _, let h) = $0.optimizer {
          $0.optimizer = .lpfSGD(radius: r, shards: 4, holding: h)
        }
      }
    ),
    (
      "M5", "refuted",
      { if case .pgd(_, let v) = $0.optimizer { $0.optimizer = .pgd(sigma: 1e-3, variant: v) } }
    ),
    (
      "A6", "supported",
      {
        if case .sseSAM(let head, _, let share, let eta) = $0.optimizer {
          let late = RhoSchedule.steps(first: 0, then: [.init(epoch: 140, rho: 0.1)])
          $0.optimizer = .sseSAM(rhoHead: head, rhoTail: late, stageFraction: share, eta: eta)
        }
      }
    ),
  ]

  @Test(arguments: presetCases.indices) func anotherRecipeChangesTheVerdict(_ index: Int) throws {
    let entry = Self.presetCases[index]
    let presets = Preset.all.map { preset in
      var preset = preset
      entry.edit(&preset.recipe)
      return preset
    }
    let verdict = try Self.judge(entry.id, presets: presets)
    #expect(verdict.outcome.name == entry.becomes, "\(entry.id): \(verdict.summary)")
    #expect(try Self.judge(entry.id).outcome.name != entry.becomes)
  }

  /// Every verdict names its numbers; those that fail say by how much.
  @Test func failuresNameTheNumbers() throws {
    for (id, words) in [
      ("G4", ["1.4", "1.2"]), ("H11", ["10 points", "15.06 %"]), ("S-T4", ["50 printed", "49.87"]),
      ("M2", ["1241", "108"]), ("A6", ["0.1"]), ("D6", ["0.01", "0.001"]),
      ("S-T2", ["DRO-LT", "53.5", "52.58"]),
    ] {
      let verdict = try Self.judge(id)
      #expect(verdict.outcome == .refuted)
      for word in words { #expect(verdict.summary.contains(word), "\(id): \(verdict.summary)") }
    }
    let constants = try Self.judge("D7")
    #expect(constants.outcome == .supported && constants.summary.contains("8 presets of VS and 24 of LDAM"))
    #expect(try Self.judge("G7").measurements.filter { $0.holds == false }.count == 5)
  }

  /// Balanced counts give every picture the weight 1/n, a matter of scale; single pictures the weight 1.
  @Test func countsOfOneSupportTheLiteralWeights() throws {
    let claim = try #require(ClaimCatalogue.standard["M2"])
    let ones = FaultySubject(counts: { $0.map { _ in 1 } })
    #expect(try claim.judge(ClaimContext(subject: ones)).outcome == .supported)
  }
}
