// What the supplement's text says of its own tables. The text states gains to a tenth, and so are they compared.

extension Claim {
  private static let printed = "the printed numbers; rows that cannot be read are left out"

  /// The pairs of Tables 3 and 4, with the poster's for the LDAM rows at β = 100, which cannot be read there.
  private static func pairs(_ table: String, _ context: ClaimContext) -> [PrintedPair] {
    let poster = context.table("poster-results").pairs
    return context.table(table).pairs.map { pair in
      guard pair.gain(.accuracy) == nil else { return pair }
      return poster.first { $0.base.data == pair.base.data && $0.base.method == pair.base.method } ?? pair
    }
  }

  /// The seven gains of a table that can be computed, and what the eighth must be for a stated mean of eight.
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
      summary: "\(gains.count) pairs can be read: gains of \(NumberText.short(gains.min() ?? .nan)) to "
        + "\(NumberText.short(gains.max() ?? .nan)) points")
  }

  /// G2 and G3: mean gains.
  static let meanGains: [Claim] = [
    ("G2", PublishedQuantity.accuracy, PublishedQuantity.accuracyGain), ("G3", .tail, .tailGain),
  ].map { (id: String, quantity: PublishedQuantity, stated: PublishedQuantity) in
    let condition =
      "the gain of LDAM+DRW at β = 200, which cannot be read, is the one that the stated mean leaves"
    return Claim(
      id: id, kind: .consistency, source: .supplement("§F"),
      quote:
        "We observe an average increase of 3.9% and 3.2% on CIFAR-10 LT and CIFAR-100 LT datasets, "
        + "respectively.",
      statement:
        "The mean \(stated.rawValue) of SAM over the eight pairs of Table 3, and of Table 4, is the one that the text states.",
      tier: .exact,
      leaf: .printed, weight: .remark,
      nulls: .losing([.permutedLabels]),
      refutedBy: "Readable gains that leave for the eighth a value outside the range of the other seven.",
      procedure:
        "Eight times the stated mean less the seven readable gains, against the smallest and largest of the seven. The mean "
        + "is stated to a tenth, so the remainder is known to 0.4.",
      variant: printed
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
        ifAllHold: .conditional(condition),
        summary: "it must be \(texts.joined(separator: " and ")), to 0.4 points",
        refutation: "the eighth gain would have to be \(texts.joined(separator: " and "))")
    }
  }

  /// G4, G5 and G8: gains that the text states of single pairs.
  static let statedGains: [Claim] = [
    ("G4", "§F", "supplement-3", "cifar10-lt10", "CE+DRW"),
    ("G5", "§F", "supplement-3", "cifar10-lt200", "CE+DRW"),
    ("G8", "§E", "supplement-2", "imagenet-lt", "LDAM+DRW"),
  ].map { (id: String, section: String, table: String, data: String, method: String) in
    Claim(
      id: id, kind: .consistency, source: .supplement("\(section), text"),
      statement:
        "The gains of SAM over \(method) on \(data) in the text are the differences of the table's rows.",
      tier: .exact,
      leaf: .printed, weight: .remark,
      nulls: .losing([.permutedLabels]), refutedBy: "A stated gain that differs from the table's.",
      procedure: "The stated gains in accuracy and tail accuracy against differences of printed numbers.",
      variant: printed
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
          within: PrintedDifference.rounding, unit: "points", because: "the stated gain; decimals in binary")
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
    statement: "The more unbalanced the data, the larger is SAM's gain in tail accuracy.",
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

  /// G7: where the gain comes from.
  static let gainFromTail = Claim(
    id: "G7", kind: .consistency, source: .supplement("§F"),
    quote: "This gain in performance is primarily due to the improvement in the tail accuracy",
    statement: "In every pair of Tables 3 and 4 the tail contributes more to SAM's gain than head or middle.",
    tier: .exact,
    leaf: .printed, weight: .remark,
    nulls: .none(because: "it is refuted as it stands: there is no effect that a null could take from it"),
    refutedBy: "A pair in which another group contributes as much or more.",
    procedure:
      "A group's contribution is its share of the classes times its gain; the tail's less the larger other.",
    variant: printed
  ) { context in
    var evidence = Evidence()
    for (table, sizes) in [("supplement-3", [3, 4, 3]), ("supplement-4", [36, 35, 29])] {
      let total = Double(sizes.reduce(0, +))
      for pair in context.table(table).pairs {
        guard let head = pair.gain(.head), let mid = pair.gain(.mid), let tail = pair.gain(.tail) else {
          continue
        }
        let parts = zip(sizes, [head, mid, tail]).map { Double($0) * $1 / total }
        evidence.atLeast(
          "tail's contribution less the larger other, \(pair.name)", parts[2] - max(parts[0], parts[1]),
          PrintedDifference.rounding, unit: "points", because: "the tail's is the largest")
      }
    }
    let failed = evidence.measurements.filter { $0.holds == false }
    let names = failed.map { String($0.name.split(separator: ",", maxSplits: 1).last ?? "") }
    return evidence.verdict(
      ifAllHold: .supported, summary: "the tail's contribution is the largest in every readable pair",
      refutation: "another group contributes more for" + names.joined(separator: ";"))
  }

  /// G9: two-stage methods.
  static let twoStageMethods = Claim(
    id: "G9", kind: .consistency, source: .supplement("§E"),
    quote:
      "LDAM+DRW+SAM surpasses the performance of two-stage training methods including MisLAS, cRT, "
      + "LWS, and DisAlign",
    statement: "LDAM+DRW+SAM surpasses the two-stage methods cRT, LWS, MisLAS and DisAlign on ImageNet-LT.",
    tier: .exact,
    leaf: .printed, weight: .remark,
    nulls: .losing([.rhoZero, .permutedLabels, .balanced]),
    refutedBy: "A two-stage method with as high an accuracy.",
    procedure:
      "Differences of printed accuracies; conditional if a two-stage method is ahead in the tail. DRO-LT, of one stage, is "
      + "shown.",
    variant: printed
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
      if !(tail >= PrintedDifference.positive) { ahead.append("\(method) is \(NumberText.rounded(-tail))") }
    }
    let other = table.row("imagenet-lt", "DRO-LT")
    evidence.observe(
      "accuracy less that of DRO-LT", (own[.accuracy] ?? .nan) - (other[.accuracy] ?? .nan), unit: "points",
      because: "one stage; the authors could not reproduce it")
    return evidence.verdict(
      ifAllHold: ahead.isEmpty ? .supported : .conditional("overall accuracy is compared, not the tail's"),
      summary: ahead.isEmpty
        ? "ahead of all four overall and in the tail"
        : "ahead of all four overall; in the tail, in points, \(ahead.joined(separator: ", ")) ahead")
  }

  /// G10: the influence-balanced loss and PaCo.
  static let comparisonGains = Claim(
    id: "G10", kind: .consistency, source: .supplement("§E and Table 5"),
    quote:
      "SAM with high ρ significantly improves overall performance along with the performance on tail "
      + "classes with both IB-Loss and PaCo method",
    statement: "SAM raises the accuracy and tail accuracy of IB and PaCo in every readable pair of Table 5.",
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
      summary: "\(gains.count) gains can be read, of \(NumberText.rounded(gains.min() ?? .nan)) to "
        + "\(NumberText.rounded(gains.max() ?? .nan)) points")
  }

  /// H11: the gain of 12.7 %.
  static let unspecifiedGain = Claim(
    id: "H11", kind: .consistency, source: .supplement("§D"),
    quote: "explains why SAM improves the performance of LDAM by 12.7%",
    statement: "SAM improves LDAM by 12.7 %: some printed pair of LDAM with and without SAM shows it.",
    tier: .exact,
    leaf: .printed, weight: .remark,
    nulls: .none(because: "it is refuted as it stands: there is no effect that a null could take from it"),
    refutedBy: "No difference, absolute or relative, of a readable pair that is 12.7 to rounding.",
    procedure:
      "All differences of all readable numbers of LDAM rows in all printed tables, in points and in percent of the row "
      + "without SAM; the nearest to 12.7.",
    variant: printed
  ) { context in
    var evidence = Evidence()
    let stated = context.table("supplement-text").row("unspecified", "LDAM")[.gain] ?? .nan
    var nearest = (points: Double.nan, percent: Double.nan)
    func closer(_ value: Double, _ best: Double) -> Double {
      best.isNaN || (value - stated).magnitude < (best - stated).magnitude ? value : best
    }
    var compared = 0
    for pair in context.tables.flatMap(\.pairs) where pair.base.method.hasPrefix("LDAM") {
      for quantity in [PublishedQuantity.accuracy, .head, .mid, .tail] {
        guard let gain = pair.gain(quantity), let base = pair.base[quantity] else { continue }
        compared += 1
        nearest.points = closer(gain, nearest.points)
        nearest.percent = closer(100 * gain / base, nearest.percent)
      }
    }
    let distance = min((nearest.points - stated).magnitude, (nearest.percent - stated).magnitude)
    evidence.observe("differences compared", Double(compared), because: "every readable number of a pair")
    evidence.observe("nearest difference", nearest.points, unit: "points", because: "absolute")
    evidence.observe("nearest relative difference", nearest.percent, unit: "%", because: "relative")
    evidence.atMost(
      "distance of the nearest from the stated gain", distance, PrintedDifference.groupMean, unit: "points",
      because: "0.05 on either number")
    return evidence.verdict(
      ifAllHold: .supported, summary: "a pair shows it",
      refutation: "the nearest differences are \(NumberText.rounded(nearest.points)) points and "
        + "\(NumberText.rounded(nearest.percent)) %")
  }

  /// R3: the radius must be tuned.
  static let radiusIsTuned = Claim(
    id: "R3", kind: .consistency, source: .supplement("§A and Table 1"),
    quote: "we do find that ρ as a hyperparameter still requires tuning to obtain the best results",
    statement: "No one radius is used on a data set: Table 1 has at least two in every column.",
    tier: .exact,
    leaf: .printed, weight: .remark,
    nulls: .none(
      because: "it compares stated constants or formulas: no radius, label, class count or Hessian enters"),
    refutedBy: "A column with one radius throughout.",
    procedure: "The number of different radii a column.", variant: "the printed numbers"
  ) { context in
    var evidence = Evidence()
    let rows = context.table("supplement-1").rows
    for data in ["cifar10-lt100", "cifar10-step100", "cifar100-lt100", "cifar100-step100"] {
      let radii = Set(rows.filter { $0.data == data }.compactMap { $0[.radius] })
      evidence.atLeast("different radii, \(data)", Double(radii.count), 2, because: "more than one")
    }
    let counts = evidence.measurements.map { NumberText.short($0.value) }.joined(separator: ", ")
    return evidence.verdict(ifAllHold: .supported, summary: "\(counts) different radii in the four columns")
  }
}
