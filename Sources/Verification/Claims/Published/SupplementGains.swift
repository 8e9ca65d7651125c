import EscapementDrawing
import EscapementOptimizers

// The statements of the supplement's text about its own tables. The text states gains to a tenth, and they are compared
// to a tenth.

extension Claim {
  /// The claims about the supplement's tables, in the catalog's order.
  static let supplementGains: [Claim] =
    [.gainsAtEveryRatio] + meanGains + statedGains + [
      .gainGrows, .gainFromTail, .twoStageMethods, .comparisonGains, .radiusIsTuned,
    ]

  private static let printed = "the printed numbers; rows that cannot be read are left out"

  /// The pairs of Tables 3 and 4, with the poster's numbers for the LDAM rows at β = 100, which are unreadable in the
  /// supplement. The rows of CE+DRW at β = 100 are the same on the poster.
  private static func pairs(_ table: String, _ context: ClaimContext) -> [PrintedPair] {
    let poster = context.table("poster-results").pairs
    return context.table(table).pairs.map { pair in
      guard pair.gain(.accuracy) == nil else { return pair }
      return poster.first { $0.base.data == pair.base.data && $0.base.method == pair.base.method } ?? pair
    }
  }

  /// The seven gains of a table that can be computed, and the value of the eighth that gives a stated mean of eight.
  private struct MeanOfEight {
    var known: [Double]
    var missing: Double

    init(_ pairs: [PrintedPair], _ quantity: PublishedQuantity, stated: Double) {
      known = pairs.compactMap { $0.gain(quantity) }
      missing = 8 * stated - known.reduce(0, +)
    }
  }

  /// G1: gains at every imbalance.
  static let gainsAtEveryRatio = Claim(
    id: "G1", kind: .consistency, source: .supplement("§F"),
    quote:
      "SAM with re-weighting improves upon the performance of CE and LDAM losses in all the "
      + "experiments with varied imbalance factor.",
    statement: "SAM raises the accuracy of CE+DRW and LDAM+DRW at every imbalance of Tables 3 and 4.",
    tier: .exact,
    leaf: .printed, weight: .remark,
    nulls: .losing([.rhoZero, .permutedLabels]), refutedBy: "A pair of rows whose accuracy does not rise.",
    procedure: "The differences of printed accuracies; LDAM+DRW at β = 100 from the poster.", variant: printed
  ) { context in
    var evidence = Evidence()
    for table in ["supplement-3", "supplement-4"] { evidence.gains(pairs(table, context), .accuracy) }
    let gains = evidence.measurements.map(\.value)
    return evidence.verdict(
      ifAllHold: .supported,
      summary: "\(gains.count) of 16 pairs can be read: gains of \(NumberText.short(gains.min() ?? .nan)) to "
        + "\(NumberText.short(gains.max() ?? .nan)) points")
  }

  /// G2 and G3: mean gains. One of the eight gains of a table is unreadable, so the claims cannot be decided.
  static let meanGains: [Claim] = [
    (
      "G2", PublishedQuantity.accuracy, PublishedQuantity.accuracyGain,
      "We observe an average increase of 3.9% and 3.2% on CIFAR-10 LT and CIFAR-100 LT datasets, "
        + "respectively."
    ),
    (
      "G3", .tail, .tailGain,
      "the tail accuracy, which increases by 8.6% on CIFAR-10 LT and 3.9% on CIFAR-100 LT"
    ),
  ].map { (id: String, quantity: PublishedQuantity, stated: PublishedQuantity, words: String) in
    Claim(
      id: id, kind: .consistency, source: .supplement("§F"), quote: words,
      statement:
        "The mean \(stated.rawValue) of SAM over the eight pairs of Table 3, and of Table 4, is the one that the text states.",
      tier: .exact,
      leaf: .printed, weight: .remark,
      nulls: .none(
        because: "it is undetermined as it stands: there is no verdict that a null could take from it"),
      refutedBy:
        "Readable gains that leave for the eighth a value outside the range of the other seven, widened by 0.4 points.",
      procedure:
        "Eight times the stated mean less the seven readable gains, against the smallest and largest of the seven. The mean "
        + "is stated to a tenth, so the remainder is known to 0.4. A remainder within the range decides nothing.",
      variant: printed, procedureVersion: 2
    ) { context in
      var evidence = Evidence()
      var texts: [String] = []
      for (table, data) in [("supplement-3", "cifar10-lt"), ("supplement-4", "cifar100-lt")] {
        let mean = context.table("supplement-text").row(data, "mean of eight")[stated] ?? .nan
        let eight = MeanOfEight(pairs(table, context), quantity, stated: mean)
        evidence.count("readable gains, \(data)", eight.known.count, 7)
        evidence.between(
          "gain left for LDAM+DRW at β = 200, \(data)", eight.missing, (eight.known.min() ?? .nan) - 0.4,
          (eight.known.max() ?? .nan) + 0.4, unit: "points",
          because: "the range of the seven, and 8 × 0.05 for the rounding of the mean")
        texts.append("\(NumberText.rounded(eight.missing)) (\(data))")
      }
      return evidence.verdict(
        ifAllHold: .undetermined(
          "the gain of LDAM+DRW at β = 200 cannot be read, and what the stated mean leaves for it is within the range of "
            + "the other seven"),
        summary: "it would have to be \(texts.joined(separator: " and ")), to 0.4 points",
        refutation: "the eighth gain would have to be \(texts.joined(separator: " and "))")
    }
  }

  /// G4, G5 and G8: gains that the text states for single pairs.
  static let statedGains: [Claim] = [
    (
      "G4", "§F", "supplement-3", "cifar10-lt10", "CE+DRW",
      "on CIFAR-10 LT with β = 10 (Table 3), CE+DRW+SAM improves upon CE+DRW by 1.2% with a 3.9% "
        + "increase in tail class accuracy"
    ),
    (
      "G5", "§F", "supplement-3", "cifar10-lt200", "CE+DRW",
      "with a more imbalanced dataset (i.e. CIFAR-10 LT β = 200), SAM leads to a 6.7% boost in overall "
        + "accuracy with a massive 15.6% increase in the tail class performance"
    ),
    (
      "G8", "§E", "supplement-2", "imagenet-lt", "LDAM+DRW",
      "On ImageNet-LT, LDAM+DRW with SAM leads to a 3.2% gain in overall accuracy with 6.5% increase in "
        + "tail class accuracy."
    ),
  ].map { (id: String, section: String, table: String, data: String, method: String, words: String) in
    Claim(
      id: id, kind: .consistency, source: .supplement("\(section), text"), quote: words,
      statement:
        "The gains of SAM over \(method) on \(data) in the text are the differences of the table's rows, to rounding.",
      tier: .exact,
      leaf: .printed, weight: .remark,
      nulls: id == "G4"
        ? .none(because: "it is refuted as it stands: there is no effect that a null could take from it")
        : .losing([.permutedLabels]),
      refutedBy:
        "A stated gain that differs from the table's by more than rounding of the three numbers, 0.15 points.",
      procedure: "The stated gains in accuracy and tail accuracy against differences of printed numbers.",
      variant: printed, procedureVersion: 2
    ) { context in
      var evidence = Evidence()
      let pair = context.table(table).pairs.first { $0.base.data == data && $0.base.method == method }
      let text = context.table("supplement-text").row(data, method)
      var texts: [String] = []
      for (stated, quantity) in [
        (PublishedQuantity.accuracyGain, PublishedQuantity.accuracy), (.tailGain, .tail),
      ] {
        let gain = pair?.gain(quantity) ?? .nan
        evidence.equal(
          "\(quantity.rawValue) gain in the table", gain, to: text[stated] ?? .nan,
          within: PrintedDifference.statedGain, unit: "points",
          because: "the stated gain; 0.05 on it and on each of the two numbers")
        texts.append(
          "\(quantity.rawValue): \(NumberText.rounded(gain)), stated \(NumberText.short(text[stated] ?? .nan))"
        )
      }
      return evidence.verdict(
        ifAllHold: .supported, summary: texts.joined(separator: "; "),
        refutation: texts.joined(separator: "; "))
    }
  }

  /// G6: the gain grows with the imbalance.
  static let gainGrows = Claim(
    id: "G6", kind: .consistency, source: .supplement("§F"),
    quote:
      "As the dataset becomes more imbalanced (β increases), the gain in accuracy with SAM on the "
      + "tail classes improves significantly.",
    statement:
      "In Tables 3 and 4 SAM's gain in tail accuracy grows with β, for either method: the text gives an example on CIFAR-10 LT "
      + "and states it of both.",
    tier: .exact,
    leaf: .printed, weight: .remark,
    nulls: .losing([.rhoZero, .permutedLabels]),
    refutedBy:
      "CIFAR-10 LT, on which the text shows it, has a gain that does not exceed that of a lower imbalance.",
    procedure:
      "Tail gains by rising β for either method on either data set; conditional if they rise on CIFAR-10 LT and not on "
      + "CIFAR-100 LT.",
    variant: printed
  ) { context in
    var evidence = Evidence()
    var series: [String] = []
    var falls = 0
    for (table, isStated) in [("supplement-3", true), ("supplement-4", false)] {
      for method in ["CE+DRW", "LDAM+DRW"] {
        let readable = pairs(table, context).filter { $0.base.method == method && $0.gain(.tail) != nil }
        for (before, after) in zip(readable, readable.dropFirst()) {
          let rise = after.gain(.tail)! - before.gain(.tail)!
          let name = "tail gain on \(after.base.data) less that on \(before.base.data), \(method)"
          if isStated {
            evidence.atLeast(
              name, rise, PrintedDifference.positive, unit: "points", because: "a rise, in print")
          } else {
            evidence.observe(
              name, rise, unit: "points", because: "the data set that the text gives no example of")
            if !(rise >= PrintedDifference.positive) { falls += 1 }
          }
        }
        if !isStated {
          let gains = readable.map { NumberText.rounded($0.gain(.tail)!) }.joined(separator: ", ")
          series.append("\(gains) (\(method))")
        }
      }
    }
    return evidence.verdict(
      ifAllHold: falls == 0 ? .supported : .conditional("the data set is CIFAR-10 LT"),
      summary: "on CIFAR-100 LT the gains are \(series.joined(separator: " and "))")
  }

  /// G7: the origin of the average gain.
  static let gainFromTail = Claim(
    id: "G7", kind: .consistency, source: .supplement("§F"),
    quote:
      "This gain in performance is primarily due to the improvement in the tail accuracy, which "
      + "increases by 8.6% on CIFAR-10 LT and 3.9% on CIFAR-100 LT.",
    statement:
      "Of the average gain of SAM in Table 3, and in Table 4, the tail contributes more than the head and more than the middle.",
    tier: .exact,
    leaf: .printed, weight: .remark,
    nulls: .losing([.rhoZero, .permutedLabels, .balanced]),
    refutedBy: "A table in which the head or the middle contributes as much or more on average.",
    procedure:
      "A group's contribution is its share of the classes times its mean gain over the pairs whose groups can be read. "
      + "Single pairs are shown and decide nothing, and so is the tail's contribution by the text's own averages.",
    variant: printed, procedureVersion: 2
  ) { context in
    var evidence = Evidence()
    var texts: [String] = []
    var elsewhere = 0
    var single = 0
    var unreadable = 0
    for (table, data, sizes) in [
      ("supplement-3", "cifar10-lt", [3, 4, 3]), ("supplement-4", "cifar100-lt", [36, 35, 29]),
    ] {
      let shares = sizes.map { Double($0) / Double(sizes.reduce(0, +)) }
      let pairs = context.table(table).pairs
      var sums = [0.0, 0, 0]
      var count = 0
      for pair in pairs {
        guard let head = pair.gain(.head), let mid = pair.gain(.mid), let tail = pair.gain(.tail) else {
          continue
        }
        count += 1
        let parts = zip(shares, [head, mid, tail]).map { $0 * $1 }
        for group in 0..<3 { sums[group] += parts[group] }
        let lead = evidence.observe(
          "tail's contribution less the larger other, \(pair.name)", parts[2] - max(parts[0], parts[1]),
          unit: "points", because: "a single pair")
        if !(lead.value >= PrintedDifference.rounding) { elsewhere += 1 }
      }
      single += count
      unreadable += pairs.count - count
      let means = sums.map { $0 / Double(count) }
      let parts = zip(["head", "middle", "tail"], means).map { group, mean in
        evidence.observe(
          "mean contribution of the \(group), \(data)", mean, unit: "points",
          because: "\(count) of \(pairs.count) pairs can be read")
      }
      evidence.atLeast(
        "tail's mean contribution less the larger other, \(data)", means[2] - max(means[0], means[1]),
        PrintedDifference.rounding, unit: "points", because: "the tail's is the largest")
      evidence.observe(
        "the most that rounding can make of this lead, \(data)",
        0.1 * (shares[2] + max(shares[0], shares[1])),
        unit: "points", because: "0.05 on every number, all in the worst direction")
      let stated = context.table("supplement-text").row(data, "mean of eight")
      evidence.observe(
        "tail's contribution by the text's averages, \(data)", shares[2] * (stated[.tailGain] ?? .nan),
        unit: "points", because: "of an average gain of \(NumberText.short(stated[.accuracyGain] ?? .nan))")
      texts.append(parts.map { NumberText.rounded($0.value) }.joined(separator: ", ") + " on \(data)")
    }
    let numbers = "head, middle and tail contribute \(texts.joined(separator: " and ")) points on average"
    return evidence.verdict(
      ifAllHold: .supported,
      summary:
        "\(numbers); \(unreadable) of \(single + unreadable) pairs cannot be read, and in \(elsewhere) of "
        + "\(single) another group contributes more",
      refutation: numbers)
  }

  /// G9: two-stage methods.
  static let twoStageMethods = Claim(
    id: "G9", kind: .consistency, source: .supplement("§E"),
    quote:
      "LDAM+DRW+SAM surpasses the performance of two-stage training methods including MisLAS, cRT, "
      + "LWS, and DisAlign",
    statement:
      "LDAM+DRW+SAM has a higher accuracy than the two-stage methods cRT, LWS, MisLAS and DisAlign on ImageNet-LT.",
    tier: .exact,
    leaf: .printed, weight: .remark,
    nulls: .losing([.rhoZero, .permutedLabels]),
    refutedBy: "A two-stage method with as high an accuracy.",
    procedure:
      "Differences of printed accuracies. Those of tail accuracies, and DRO-LT, of one stage, are shown and decide nothing.",
    variant: printed, procedureVersion: 2
  ) { context in
    var evidence = Evidence()
    let table = context.table("supplement-2")
    let own = table.row("imagenet-lt", "LDAM+DRW+SAM")
    var ahead: [String] = []
    for method in ["cRT", "LWS", "MisLAS", "DisAlign"] {
      let row = table.row("imagenet-lt", method)
      evidence.atLeast(
        "accuracy less that of \(method)", (own[.accuracy] ?? .nan) - (row[.accuracy] ?? .nan),
        PrintedDifference.positive, unit: "points", because: "above 0 as printed to a tenth")
      let tail = (own[.tail] ?? .nan) - (row[.tail] ?? .nan)
      evidence.observe("tail accuracy less that of \(method)", tail, unit: "points", because: "the tail")
      if !(tail >= PrintedDifference.positive) {
        ahead.append("\(method) is \(NumberText.rounded(-tail)) points ahead")
      }
    }
    let other = table.row("imagenet-lt", "DRO-LT")
    evidence.observe(
      "accuracy less that of DRO-LT", (own[.accuracy] ?? .nan) - (other[.accuracy] ?? .nan), unit: "points",
      because: "one stage; the authors could not reproduce it")
    return evidence.verdict(
      ifAllHold: .supported,
      summary: "ahead of all four; in the tail "
        + (ahead.isEmpty ? "too" : ahead.joined(separator: ", ")))
  }

  /// G10: the influence-balanced loss and PaCo.
  static let comparisonGains = Claim(
    id: "G10", kind: .consistency, source: .supplement("§E and Table 5"),
    quote:
      "SAM with high ρ significantly improves overall performance along with the performance on tail "
      + "classes with both IB-Loss and PaCo method",
    statement:
      "In Table 5 SAM raises the accuracy and the tail accuracy of IB and of PaCo, wherever both can be read.",
    tier: .exact,
    leaf: .printed, weight: .remark,
    nulls: .losing([.rhoZero, .permutedLabels]), refutedBy: "A readable pair that does not rise.",
    procedure: "The differences of printed numbers.", variant: printed
  ) { context in
    var evidence = Evidence()
    let pairs = context.table("supplement-5").pairs
    evidence.gains(pairs, .accuracy)
    evidence.gains(pairs, .tail)
    let gains = evidence.measurements.map(\.value)
    return evidence.verdict(
      ifAllHold: .supported,
      summary: "\(gains.count) of 8 gains can be read, of \(NumberText.rounded(gains.min() ?? .nan)) to "
        + "\(NumberText.rounded(gains.max() ?? .nan)) points")
  }

  /// R3: the radius must be tuned.
  static let radiusIsTuned = Claim(
    id: "R3", kind: .consistency, source: .supplement("§A and Table 1"),
    quote: "we do find that ρ as a hyperparameter still requires tuning to obtain the best results",
    statement:
      "The radii of Table 1 were tuned: they are not one and the same for all methods and data sets.",
    tier: .exact,
    leaf: .printed, weight: .remark,
    nulls: .none(
      because: "it compares stated constants or formulas: no radius, label, class count or Hessian enters"),
    refutedBy: "One radius throughout the table.",
    procedure: "The number of different radii in the table; those of each column are shown.",
    variant: "the printed numbers", procedureVersion: 2
  ) { context in
    var evidence = Evidence()
    let rows = context.table("supplement-1").rows
    func radii(_ rows: [PublishedRow]) -> Double { Double(Set(rows.compactMap { $0[.radius] }).count) }
    let all = evidence.atLeast("different radii", radii(rows), 2, because: "more than one")
    let columns = ["cifar10-lt100", "cifar10-step100", "cifar100-lt100", "cifar100-step100"].map { data in
      evidence.observe(
        "different radii, \(data)", radii(rows.filter { $0.data == data }), because: "a column of Table 1")
    }
    let counts = columns.map(\.valueText).joined(separator: ", ")
    return evidence.verdict(
      ifAllHold: .supported, summary: "\(all.valueText) different radii, \(counts) in the four columns",
      refutation: "Table 1 has one radius")
  }
}
