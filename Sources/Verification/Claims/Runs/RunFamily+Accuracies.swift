import EscapementDrawing
import EscapementOptimizers
import EscapementTraining

// Printed accuracies as claims: one per number, each number once. A row that repeats a number refers to the first.

extension RunFamily {
  /// The numbers of the tables; each is its own family.
  static let accuracies: [RunFamily] = (poster + posterOptimizers + [2, 3, 4, 5].flatMap(supplement)).map {
    RunFamily(name: "numbers of the accuracy tables", statements: [$0])
  }

  /// P1 to P8: the poster's methods.
  private static let poster: [RunStatement] = [
    "CE", "CE+SAM", "CE+DRW", "CE+DRW+SAM", "LDAM+DRW", "LDAM+DRW+SAM", "VS", "VS+SAM",
  ].enumerated().flatMap { index, method in
    PublishedTable.posterResults.rows.filter { $0.method == method }.flatMap {
      cells("P\(index + 1)-\(short($0.data))", .poster("Experiments, table 1"), $0)
    }
  }

  /// P14 and P15: the poster's other ways of leaving saddles; its first and last row repeat P3 and P4.
  private static let posterOptimizers: [RunStatement] = [("P14", "CE+DRW+PGD"), ("P15", "CE+DRW+LPF-SGD")]
    .flatMap { id, method in
      PublishedTable.posterOptimizers.rows.filter { $0.method == method }.flatMap {
        cells("\(id)-\(short($0.data))", .poster("Analysis, table 2"), $0)
      }
    }

  /// S1 to S48: the rows of the supplement's Tables 2 to 5, numbered consecutively.
  private static func supplement(_ number: Int) -> [RunStatement] {
    let tables: [PublishedTable] = [.imageNet, .cifar10ByRatio, .cifar100ByRatio, .influenceAndContrast]
    let offset = tables.prefix(number - 2).map(\.rows.count).reduce(0, +)
    return tables[number - 2].rows.enumerated().flatMap { index, row in
      let isOnPoster = PublishedTable.posterResults.rows.contains {
        $0.data == row.data && $0.method == row.method
      }
      return cells(
        "S\(offset + index + 1)", .supplement("Table \(number)"), row, tier: number == 2 ? .large : .paper,
        leavingOut: isOnPoster ? [.accuracy, .tail] : [])
    }
  }

  /// A claim for each readable number of a row.
  private static func cells(
    _ id: String, _ source: ClaimSource, _ row: PublishedRow, tier: Tier = .paper,
    leavingOut: Set<PublishedQuantity> = []
  ) -> [RunStatement] {
    row.cells.compactMap { cell -> RunStatement? in
      guard !leavingOut.contains(cell.quantity), let mean = cell.mean,
        let metric = RunMetric.allAccuracies.first(where: { $0.published == cell.quantity })
      else { return nil }
      let margin = RunQuestion.margin(metric)
      let number = "\(tenths(mean))\(cell.std.map { "±\(tenths($0))" } ?? "")"
      return RunStatement(
        id: "\(id)-\(suffix(cell.quantity))", source: source,
        quote: "\(row.method.replacing("+", with: " + ")), \(row.data): \(column(cell.quantity)) \(number)",
        tier: tier,
        statement: "The mean \(metric.text) of \(row.method) on \(row.data) is \(tenths(mean)) % to "
          + "\(NumberText.short(margin)) point\(margin == 1 ? "" : "s").",
        leaf: tier == .large ? .large : .accuracies,
        questions: [.agrees(RunQuantity(row.preset, metric), mean: mean, std: cell.std, margin: margin)],
        looks: .agreement, variant: "last epoch to agree; last and best epoch to contradict")
    }
  }

  /// A number as it is printed, to a tenth.
  static func tenths(_ value: Double) -> String {
    let tenths = Int((value.magnitude * 10).rounded())
    return "\(value < 0 ? "−" : "")\(tenths / 10).\(tenths % 10)"
  }

  /// "C10" for CIFAR-10 LT, "C100" for CIFAR-100 LT.
  static func short(_ data: String) -> String { data.hasPrefix("cifar100") ? "C100" : "C10" }

  private static func suffix(_ quantity: PublishedQuantity) -> String {
    quantity == .accuracy ? "acc" : quantity.rawValue
  }

  private static func column(_ quantity: PublishedQuantity) -> String {
    quantity == .accuracy ? "Acc" : quantity.rawValue.prefix(1).uppercased() + quantity.rawValue.dropFirst()
  }
}
