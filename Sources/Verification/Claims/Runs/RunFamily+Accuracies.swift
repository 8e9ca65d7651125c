import Training

// Printed accuracies as claims: one a row, each number once. A row that repeats a number refers to the first.

extension RunFamily {
  /// The tables whose rows are claims about runs.
  static let accuracies: [RunFamily] = (poster + posterOptimizers + [2, 3, 4, 5].flatMap(supplement)).map {
    RunFamily(name: $0.id, statements: [$0])
  }

  /// P1 to P8: the poster's methods, one claim for both data sets.
  private static let poster: [RunStatement] = [
    "CE", "CE+SAM", "CE+DRW", "CE+DRW+SAM", "LDAM+DRW", "LDAM+DRW+SAM", "VS", "VS+SAM",
  ].enumerated().map { index, method in
    rows(id: "P\(index + 1)", .poster("Experiments, table"), method, .posterResults)
  }

  /// P14 and P15: the poster's other ways of leaving saddles; its first and last row repeat P3 and P4.
  private static let posterOptimizers: [RunStatement] = [("P14", "CE+DRW+PGD"), ("P15", "CE+DRW+LPF-SGD")].map
  {
    id, method in
    rows(id: id, .poster("Analysis, table"), method, .posterOptimizers)
  }

  private static func rows(
    id: String, _ source: ClaimSource, _ method: String, _ table: PublishedTable
  ) -> RunStatement {
    statement(id: id, source, .paper, table.rows.filter { $0.method == method }, leavingOut: [], repeats: nil)
  }

  /// S1 to S48: the rows of the supplement's Tables 2 to 5, numbered through; rows without a readable number have none.
  private static func supplement(_ number: Int) -> [RunStatement] {
    let tables: [PublishedTable] = [.imageNet, .cifar10ByRatio, .cifar100ByRatio, .influenceAndContrast]
    let offset = tables.prefix(number - 2).map(\.rows.count).reduce(0, +)
    let poster = PublishedTable.posterResults.rows
    return tables[number - 2].rows.enumerated().compactMap { index, row in
      guard row.cells.contains(where: { $0.mean != nil }) else { return nil }
      let first = poster.first { $0.data == row.data && $0.method == row.method }
      return statement(
        id: "S\(offset + index + 1)", .supplement("Table \(number)"), number == 2 ? .large : .paper, [row],
        leavingOut: first == nil ? [] : [.accuracy, .tail],
        repeats: first.map { $0.method == "CE+DRW" ? "P3" : "P4" })
    }
  }

  private static func statement(
    id: String, _ source: ClaimSource, _ tier: Tier, _ rows: [PublishedRow],
    leavingOut: Set<PublishedQuantity>, repeats: String?
  ) -> RunStatement {
    var questions: [RunQuestion] = []
    var texts: [String] = []
    for row in rows {
      var numbers: [String] = []
      for cell in row.cells where !leavingOut.contains(cell.quantity) {
        guard let metric = metric(cell.quantity), let mean = cell.mean else { continue }
        questions.append(
          .agrees(
            RunQuantity(row.preset, metric), mean: mean, std: cell.std, margin: RunQuestion.margin(metric)))
        numbers.append(
          "\(metric.text) \(NumberText.short(mean))\(cell.std.map { " ± \(NumberText.short($0))" } ?? "")")
      }
      texts.append("\(numbers.joined(separator: ", ")) on \(row.data)")
    }
    let assumptions = Set(
      rows.flatMap { row in Preset.all.first { $0.name == row.preset }?.assumptions ?? [] })
    return RunStatement(
      id: id, source: source, tier: tier,
      statement: "\(rows[0].method) reaches \(texts.joined(separator: "; "))"
        + (repeats.map { " (accuracy and tail accuracy: see \($0))." } ?? "."),
      questions: questions,
      variant: (["last epoch; best epoch shown"] + assumptions.sorted()).joined(separator: "; "))
  }

  private static func metric(_ quantity: PublishedQuantity) -> RunMetric? {
    switch quantity {
    case .accuracy: .accuracy
    case .head: .head
    case .mid: .mid
    case .tail: .tail
    case .radius, .accuracyGain, .tailGain, .gain: nil
    }
  }
}
