import EscapementDrawing
import EscapementOptimizers
import EscapementStatistics

// The statements of the poster's two tables of accuracies, as printed. Other claims judge whether runs give these
// numbers.

extension Claim {
  /// The claims about the poster's table, in the catalog's order.
  static let posterGains: [Claim] =
    [.posterAccuracyGains, .posterTailGains, .posterBest] + posterRepeats + [.posterOrder]

  private static let printed = "the printed numbers"
  private static let bothSets = ["cifar10-lt100", "cifar100-lt100"]

  /// P9: SAM's gain in accuracy.
  static let posterAccuracyGains = Claim(
    id: "P9", kind: .consistency, source: .poster("Experiments, table"),
    quote: "SAM improves accuracy on large-scale Imbalanced datasets too",
    statement:
      "On the CIFAR sets too: in the printed table SAM raises the accuracy of several methods on both of them.",
    tier: .exact,
    leaf: .printed, weight: .remark,
    nulls: .losing([.rhoZero, .permutedLabels]),
    refutedBy: "Fewer than two methods whose accuracy rises on both data sets.",
    procedure:
      "The eight differences of printed accuracies, and the methods with two positive ones. That every method gains is not "
      + "said and is not judged.",
    variant: printed, procedureVersion: 2
  ) { context in gainOfSeveral(.accuracy, context) }

  /// P10: SAM's gain in tail accuracy.
  static let posterTailGains = Claim(
    id: "P10", kind: .consistency, source: .poster("Experiments"),
    quote: "SAM improves the tail class accuracy for various methods.",
    statement: "In the printed table SAM raises the tail accuracy of several methods on both data sets.",
    tier: .exact,
    leaf: .printed, weight: .remark,
    nulls: .losing([.rhoZero, .permutedLabels]),
    refutedBy: "Fewer than two methods whose tail accuracy rises on both data sets.",
    procedure:
      "The eight differences of printed tail accuracies, and the methods with two positive ones. That every method gains "
      + "is not said and is not judged: plain cross-entropy does not.",
    variant: printed, procedureVersion: 2
  ) { context in gainOfSeveral(.tail, context) }

  /// Counts the methods of the poster whose number SAM raises on both data sets; two count as several.
  private static func gainOfSeveral(_ quantity: PublishedQuantity, _ context: ClaimContext) -> Verdict {
    var evidence = Evidence()
    let pairs = context.table("poster-results").pairs
    for pair in pairs {
      evidence.observe(
        "\(quantity.rawValue) gain of SAM, \(pair.name)", pair.gain(quantity) ?? .nan, unit: "points",
        because: "one method on one data set")
    }
    var gaining: [String] = []
    var others: [String] = []
    for method in Set(pairs.map(\.base.method)).sorted() {
      let gains = bothSets.map { data in
        pairs.first { $0.base.data == data && $0.base.method == method }?.gain(quantity) ?? .nan
      }
      if gains.allSatisfy({ $0 >= PrintedDifference.positive }) {
        gaining.append(method)
      } else {
        others.append("\(method) changes by \(gains.map(NumberText.rounded).joined(separator: " and "))")
      }
    }
    evidence.atLeast(
      "methods that gain on both data sets", Double(gaining.count), 2,
      unit: "of \(gaining.count + others.count)", because: "several are two at least")
    let rest = others.isEmpty ? "" : "; \(others.joined(separator: ", ")) points"
    return evidence.verdict(
      ifAllHold: .supported, summary: gaining.joined(separator: ", ") + " gain on both data sets" + rest,
      refutation: "\(gaining.count) methods gain on both data sets" + rest)
  }

  /// P11: the best row.
  static let posterBest = Claim(
    id: "P11", kind: .own, source: .poster("Experiments, table"),
    statement: "In the printed table VS+SAM has the highest accuracy on both data sets.",
    tier: .exact,
    leaf: .printed, weight: .remark,
    nulls: .losing([.rhoZero, .permutedLabels]), refutedBy: "Another row with as high an accuracy.",
    procedure:
      "The printed lead over the second row. Welch's p for that lead, with the printed std and 3 seeds assumed, is shown "
      + "and decides nothing: the statement is about the table. The poster's text does not make it.",
    variant: printed
  ) { context in
    var evidence = Evidence()
    let table = context.table("poster-results")
    var leads: [String] = []
    for data in bothSets {
      let best = table.row(data, "VS+SAM")
      let others = table.rows.filter { $0.data == data && $0.method != "VS+SAM" }
      let second = others.max { ($0[.accuracy] ?? 0) < ($1[.accuracy] ?? 0) }!
      let lead = (best[.accuracy] ?? .nan) - (second[.accuracy] ?? .nan)
      leads.append(NumberText.rounded(lead))
      evidence.atLeast(
        "lead over \(second.method), \(data)", lead, PrintedDifference.positive, unit: "points",
        because: "above 0 as printed to a tenth")
      let samples = [best, second].map { row in
        SampleSummary(
          count: EquivalenceTest.assumedCount, mean: row[.accuracy] ?? .nan,
          standardDeviation: row.cell(.accuracy)?.std ?? .nan)
      }
      if let a = samples[0], let b = samples[1], let test = WelchTest(a, b) {
        evidence.observe(
          "one-sided p of the lead, \(data)", test.pAbove(), because: "3 seeds a row assumed; none are stated"
        )
      }
    }
    return evidence.verdict(
      ifAllHold: .supported, summary: "it leads by \(leads.joined(separator: " and ")) points",
      refutation: "another row is as high")
  }

  /// P13 and P16: rows of the second table that repeat the first.
  static let posterRepeats: [Claim] = [
    ("P13", "CE+DRW", "P3", "CE + DRW 75.5 61.4 41.0 14.7"),
    ("P16", "CE+DRW+SAM", "P4", "+ SAM 80.6 73.1 44.6 20.7"),
  ].map { id, method, first, row in
    Claim(
      id: id, kind: .consistency, source: .poster("Analysis, table"), quote: row,
      statement: "The row \(method) of the table of optimizers repeats the numbers of \(first).",
      tier: .exact,
      leaf: .printed, weight: .remark,
      nulls: .losing([.permutedLabels]), refutedBy: "A number that differs between the two tables.",
      procedure: "The four numbers of either table. Whether runs give them is judged once, by \(first).",
      variant: printed
    ) { context in
      var evidence = Evidence()
      for data in bothSets {
        for quantity in [PublishedQuantity.accuracy, .tail] {
          evidence.equal(
            "\(quantity.rawValue), \(data)",
            context.table("poster-optimizers").row(data, method)[quantity] ?? .nan,
            to: context.table("poster-results").row(data, method)[quantity] ?? .nan, within: 0, unit: "%",
            because: "the same number in print")
        }
      }
      return evidence.verdict(ifAllHold: .supported, summary: "the four numbers agree")
    }
  }

  /// P17: SAM among the optimizers.
  static let posterOrder = Claim(
    id: "P17", kind: .consistency, source: .poster("Analysis, table"),
    quote: "How do other optimization methods for escaping saddle points compare with SAM?",
    statement:
      "In the printed table SAM has a higher accuracy and tail accuracy than PGD and LPF-SGD on both data sets.",
    tier: .exact,
    leaf: .printed, weight: .remark,
    nulls: .losing([.rhoZero, .permutedLabels]),
    refutedBy: "A number of PGD or LPF-SGD that is as high as SAM's.",
    procedure:
      "SAM's printed numbers less those of the two others. Their order among each other, and what they add to CE+DRW, are "
      + "shown and decide nothing.",
    variant: printed, procedureVersion: 2
  ) { context in
    var evidence = Evidence()
    let table = context.table("poster-optimizers")
    var leads: [Double] = []
    var falls: [String] = []
    for data in bothSets {
      for quantity in [PublishedQuantity.accuracy, .tail] {
        func number(_ method: String) -> Double { table.row(data, method)[quantity] ?? .nan }
        for other in ["CE+DRW+PGD", "CE+DRW+LPF-SGD"] {
          let lead = evidence.atLeast(
            "\(quantity.rawValue) of CE+DRW+SAM less \(other), \(data)", number("CE+DRW+SAM") - number(other),
            PrintedDifference.positive, unit: "points", because: "above 0 as printed to a tenth")
          leads.append(lead.value)
          evidence.observe(
            "\(quantity.rawValue) of \(other) less CE+DRW, \(data)", number(other) - number("CE+DRW"),
            unit: "points", because: "what it adds")
        }
        let step = evidence.observe(
          "\(quantity.rawValue) of CE+DRW+LPF-SGD less CE+DRW+PGD, \(data)",
          number("CE+DRW+LPF-SGD") - number("CE+DRW+PGD"), unit: "points", because: "the other two")
        if !(step.value >= PrintedDifference.positive) {
          falls.append("\(step.valueText) in \(quantity.rawValue) on \(data)")
        }
      }
    }
    return evidence.verdict(
      ifAllHold: .supported,
      summary: "SAM leads by \(NumberText.rounded(leads.min() ?? .nan)) points and more; LPF-SGD is "
        + (falls.isEmpty ? "above PGD" : "not above PGD by \(falls.joined(separator: ", "))"),
      refutation: "another optimizer is as high as SAM")
  }
}
