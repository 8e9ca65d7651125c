// What the poster's two tables of accuracies say, as printed. Whether runs give these numbers is for other claims.

extension Claim {
  private static let printed = "the printed numbers"

  /// P9: SAM's gain in accuracy.
  static let posterAccuracyGains = Claim(
    id: "P9", kind: .consistency, source: .poster("Experiments, table"),
    quote: "Results on long tailed CIFAR 10 & 100 datasets.",
    statement: "In the printed table SAM raises the accuracy of every method on both data sets.",
    tier: .exact,
    leaf: .printed, weight: .remark,
    nulls: .losing([.rhoZero, .permutedLabels]), refutedBy: "A pair of rows whose accuracy does not rise.",
    procedure: "The eight differences of printed accuracies.", variant: printed
  ) { context in
    var evidence = Evidence()
    let pairs = context.table("poster-results").pairs
    evidence.gains(pairs, .accuracy)
    let gains = pairs.compactMap { $0.gain(.accuracy) }
    return evidence.verdict(
      ifAllHold: .supported,
      summary:
        "gains of \(NumberText.short(gains.min() ?? .nan)) to \(NumberText.short(gains.max() ?? .nan)) points"
    )
  }

  /// P10: SAM's gain in tail accuracy.
  static let posterTailGains = Claim(
    id: "P10", kind: .consistency, source: .poster("Experiments"),
    quote: "SAM improves the tail class accuracy for various methods.",
    statement: "In the printed table SAM raises the tail accuracy of every method on both data sets.",
    tier: .exact,
    leaf: .printed, weight: .remark,
    nulls: .losing([.rhoZero, .permutedLabels, .balanced]),
    refutedBy: "A pair of rows whose tail accuracy does not rise, other than plain cross-entropy's.",
    procedure:
      "The eight differences of printed tail accuracies; supported if all are positive, conditional if those of plain "
      + "cross-entropy alone are not.",
    variant: printed
  ) { context in
    var evidence = Evidence()
    let pairs = context.table("poster-results").pairs
    let plain = pairs.filter { $0.base.method == "CE" }
    for pair in plain {
      evidence.observe(
        "tail gain of SAM, \(pair.name)", pair.gain(.tail) ?? .nan, unit: "points",
        because: "cross-entropy without re-weighting")
    }
    evidence.gains(pairs.filter { $0.base.method != "CE" }, .tail)
    let gains = plain.compactMap { $0.gain(.tail) }
    let all = gains.count == plain.count && gains.allSatisfy { $0 >= PrintedDifference.positive }
    let numbers = gains.map { NumberText.short($0) }.joined(separator: " and ")
    return evidence.verdict(
      ifAllHold: all ? .supported : .conditional("the loss is re-weighted or has margins"),
      summary: all ? "all rise" : "plain cross-entropy changes by \(numbers) points; every other method gains"
    )
  }

  /// P11: the best row.
  static let posterBest = Claim(
    id: "P11", kind: .consistency, source: .poster("Experiments, table"),
    quote: "VS + SAM: 82.4±0.4, 46.6±0.4",
    statement: "In the printed table VS+SAM has the highest accuracy on both data sets.",
    tier: .exact,
    leaf: .printed, weight: .remark,
    nulls: .losing([.rhoZero, .permutedLabels]), refutedBy: "Another row with as high an accuracy.",
    procedure:
      "The printed lead over the second row. Welch's p for that lead, with the printed std and 3 seeds assumed, is shown "
      + "and decides nothing: the statement is about the table.",
    variant: printed
  ) { context in
    var evidence = Evidence()
    let table = context.table("poster-results")
    var leads: [String] = []
    for data in ["cifar10-lt100", "cifar100-lt100"] {
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
  static let posterRepeats: [Claim] = [("P13", "CE+DRW", "P3"), ("P16", "CE+DRW+SAM", "P4")].map {
    (id, method, first) in
    Claim(
      id: id, kind: .consistency, source: .poster("Analysis, table"),
      statement: "The row \(method) of the table of optimizers repeats the numbers of \(first).",
      tier: .exact,
      leaf: .printed, weight: .remark,
      nulls: .losing([.permutedLabels]), refutedBy: "A number that differs between the two tables.",
      procedure: "The four numbers of either table. Whether runs give them is judged once, by \(first).",
      variant: printed
    ) { context in
      var evidence = Evidence()
      for data in ["cifar10-lt100", "cifar100-lt100"] {
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

  /// P17: the order of the optimizers.
  static let posterOrder = Claim(
    id: "P17", kind: .consistency, source: .poster("Analysis, table"),
    quote: "How do other optimization methods for escaping saddle points compare with SAM?",
    statement:
      "In the printed table every way of leaving saddles raises the accuracy and the tail accuracy of CE+DRW, and accuracies "
      + "rise in the order SGD, PGD, LPF-SGD, SAM.",
    tier: .exact,
    leaf: .printed, weight: .remark,
    nulls: .losing([.rhoZero, .permutedLabels]),
    refutedBy: "A row below CE+DRW, or accuracies in another order.",
    procedure: "Differences of printed numbers; the order of tail accuracies is shown and decides nothing.",
    variant: printed
  ) { context in
    var evidence = Evidence()
    let methods = ["CE+DRW", "CE+DRW+PGD", "CE+DRW+LPF-SGD", "CE+DRW+SAM"]
    for data in ["cifar10-lt100", "cifar100-lt100"] {
      let rows = methods.map { context.table("poster-optimizers").row(data, $0) }
      for (before, after) in zip(rows, rows.dropFirst()) {
        evidence.atLeast(
          "accuracy of \(after.method) less \(before.method), \(data)",
          (after[.accuracy] ?? .nan) - (before[.accuracy] ?? .nan), PrintedDifference.positive,
          unit: "points",
          because: "above 0 as printed to a tenth")
        evidence.observe(
          "tail of \(after.method) less \(before.method), \(data)",
          (after[.tail] ?? .nan) - (before[.tail] ?? .nan), unit: "points", because: "the order in the tail")
      }
      for row in rows.dropFirst() {
        evidence.atLeast(
          "tail of \(row.method) less CE+DRW, \(data)", (row[.tail] ?? .nan) - (rows[0][.tail] ?? .nan),
          PrintedDifference.positive, unit: "points", because: "above 0 as printed to a tenth")
      }
    }
    let tail = evidence.text(of: "tail of CE+DRW+LPF-SGD less CE+DRW+PGD, cifar100")
    return evidence.verdict(
      ifAllHold: .supported,
      summary:
        "the order holds on both data sets; in the CIFAR-100 tail LPF-SGD stands \(tail) points from PGD",
      refutation: "the printed order is another one")
  }
}
