import EscapementDrawing
import EscapementStatistics
import EscapementTraining

/// The probability that a claim about runs ends as supported, computed from the printed numbers, before any run.
///
/// It assumes that the printed numbers are true and that their ± is the spread of a run. If no ± is printed, the median
/// of the eight in the poster's table for the same figure is used. Seeds are assumed to be independent. Levels are
/// those of the looks, divided by the size of the family, as if no other claim of the family were decided.
enum RunPower {
  /// The numbers of seeds for which the power is stated.
  static let counts = [3, 5, 10]

  /// One line per question.
  static func text(of statement: RunStatement, among members: Int) -> [String] {
    statement.questions.map { question in
      let levels = counts.map { count in
        statement.looks.reached(by: count).last.map { (count: $0.seeds, level: $0.level / Double(members)) }
      }
      return "\(question.text): " + text(of: question, levels, statement.looks)
    }
  }

  private typealias Level = (count: Int, level: Double)

  private static func text(of question: RunQuestion, _ levels: [Level?], _ looks: SeedLooks) -> String {
    if case .agrees(_, let std, let margin) = question.test {
      return agreement(question.quantities[0], std, margin, levels, looks)
    }
    if let power = contrast(question) {
      let values = zip(counts, levels).map { count, level in
        level.map { "\(NumberText.coarse(power($0.count, $0.level))) with \(count)" }
          ?? "no look with \(count)"
      }
      return "power \(values.joined(separator: ", ")) seeds if the printed means are true"
    }
    let values = zip(counts, levels).map { count, level in
      level.flatMap { ContrastPower.detectable(count: $0.count, level: $0.level) }.map {
        "\(NumberText.coarse($0)) with \(count)"
      } ?? "no look with \(count)"
    }
    return
      "nothing is printed of its size; found with chance 0.8 from an effect on of, in standard deviations over seeds, "
      + values.joined(separator: ", ") + " seeds"
  }

  private static func agreement(
    _ quantity: RunQuantity, _ std: Double?, _ margin: Double, _ levels: [Level?], _ looks: SeedLooks
  ) -> String {
    guard let spread = std ?? typicalSpread(quantity.metric),
      let power = EquivalencePower(
        spread: spread, printedSpread: spread, margin: margin, level: looks.looks[0].level)
    else { return "no spread is printed" }
    let chances = levels.map { level in level.flatMap { power.power(count: $0.count) } }
    let values = zip(counts, chances).map { count, chance in
      chance.map { "\(NumberText.coarse($0)) with \(count)" } ?? "no look with \(count)"
    }
    // The search is slow; it is not needed if a stated number of seeds suffices.
    let isSettleable =
      chances.contains { ($0 ?? 0) >= 0.8 } || power.count(cap: RunFamily.cap) != nil
    let needed = isSettleable ? "" : "; not settleable from the printed ± alone"
    return "power \(values.joined(separator: ", ")) seeds if the means are equal"
      + " (\(EquivalenceTest.assumedCount) seeds assumed behind the printed mean, ± \(NumberText.short(spread))"
      + (std == nil ? " as the poster has it for such figures)" : ")") + needed
  }

  /// The probability as a function of seeds and level; nil if the figures are not printed.
  private static func contrast(_ question: RunQuestion) -> ((_ count: Int, _ level: Double) -> Double)? {
    guard case .sum(let factors) = question.statistic else { return nil }
    var (effect, variance) = (0.0, 0.0)
    for (factor, quantity) in zip(factors, question.quantities) {
      guard quantity.selection.radius == nil, quantity.selection.epoch == nil, let cell = printed(quantity),
        let mean = cell.mean, let spread = cell.std ?? typicalSpread(quantity.metric)
      else { return nil }
      effect += factor * mean
      variance += factor * factor * spread * spread
    }
    let spread = variance.squareRoot()
    func chance(_ effect: Double, _ bound: Double) -> ((Int, Double) -> Double)? {
      ContrastPower(effect: effect, spread: spread, bound: bound).map { power in
        { power.power(count: $0, level: $1) ?? .nan }
      }
    }
    switch question.test {
    case .exceeds(let bound): return chance(effect, bound)
    case .isBelow(let bound): return chance(-effect, -bound)
    case .equals, .agrees: return nil
    }
  }

  private static let tables: [PublishedTable] = [
    .posterResults, .posterOptimizers, .imageNet, .cifar10ByRatio, .cifar100ByRatio, .influenceAndContrast,
  ]

  /// The printed cell of a figure, from the first table that has it.
  private static func printed(_ quantity: RunQuantity) -> PublishedCell? {
    guard let wanted = quantity.metric.published else { return nil }
    return tables.lazy.flatMap(\.rows).first { row in
      row.preset == quantity.selection.preset && row[wanted] != nil
    }?.cell(wanted)
  }

  /// The median ± that the poster's table prints for accuracies, or for a group's.
  private static func typicalSpread(_ metric: RunMetric) -> Double? {
    guard let wanted = metric.published else { return nil }
    let column: PublishedQuantity = wanted == .accuracy ? .accuracy : .tail
    let values = PublishedTable.posterResults.rows.compactMap { $0.cell(column)?.std }.sorted()
    return values.isEmpty ? nil : (values[(values.count - 1) / 2] + values[values.count / 2]) / 2
  }
}

extension RunMetric {
  /// The column of printed tables with this figure; nil for figures that no table prints.
  var published: PublishedQuantity? {
    switch self {
    case .accuracy: .accuracy
    case .head: .head
    case .mid: .mid
    case .tail: .tail
    default: nil
    }
  }
}
