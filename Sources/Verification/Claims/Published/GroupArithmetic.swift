// Group sizes, and whether overall accuracies are the means of their groups.

extension Claim {
  /// D3: the split of CIFAR-100 LT.
  static let cifar100Split = Claim(
    id: "D3", kind: .consistency, source: .supplement("§C"),
    quote:
      "head classes consist of the initial 36 classes, mid classes contain the following 35 classes, "
      + "and the tail classes consist of the remaining 29 classes",
    statement:
      "Head, middle and tail of CIFAR-100 LT are 36, 35 and 29 classes: the printed rows of Table 4 fit this split "
      + "better than its neighbours.",
    tier: .exact,
    leaf: .data, weight: .remark,
    nulls: .losing([.balanced]),
    refutedBy: "A row of Table 4 whose accuracy is nearer to the group mean of 35/35/30 or 34/36/30.",
    procedure:
      "|accuracy − group mean| of each readable row of Table 4 under the three splits. That the classes above 100 and "
      + "below 20 pictures, a rule of other authors, give 35/35/30 is printed beside it.",
    variant: "split by class index: 0–35, 36–70, 71–99"
  ) { context in
    var evidence = Evidence()
    let stated = [36, 35, 29]
    evidence.count("classes", stated.reduce(0, +), 100)
    let rows = context.table("supplement-4").rows.filter { $0.excess(overGroupsOf: stated) != nil }
    for other in [[35, 35, 30], [34, 36, 30]] {
      let better = rows.count { row in
        let here = row.excess(overGroupsOf: stated)!.magnitude
        return !(here < row.excess(overGroupsOf: other)!.magnitude)
      }
      evidence.none(
        "rows that fit \(other.map(String.init).joined(separator: "/")) as well or better", better,
        of: rows.count, because: "the right split fits every row best")
    }
    let counts = try context.subject.classCounts(.longTailed, classes: 100)
    evidence.observe(
      "classes with more than 100 pictures", Double(counts.count { $0 > 100 }),
      because: "the rule of SSE-SAM and ImbSAM has one class fewer in the head")
    return evidence.verdict(
      ifAllHold: .supported,
      summary: "36/35/29 fits each of \(rows.count) rows best; the 100/20 rule is 35/35/30")
  }

  /// D5: the splits of the large data sets.
  static let largeSplits = Claim(
    id: "D5", kind: .consistency, source: .supplement("§C"),
    quote:
      "For ImageNet-LT, the head classes consist of the first 390 classes, mid classes contain the "
      + "subsequent 445 classes, and the tail classes hold the remaining 165 classes.",
    statement:
      "ImageNet-LT has 390, 445 and 165 head, middle and tail classes, iNaturalist 2018 842, 3701 and 3599, and the "
      + "authors' own rows of Table 2 fit the former.",
    tier: .exact,
    leaf: .data, weight: .remark,
    nulls: .none(
      because: "it compares stated constants or formulas: no radius, label, class count or Hessian enters"),
    refutedBy:
      "Sums other than 1000 and 8142, or an own row whose accuracy is not its group mean to rounding.",
    procedure:
      "The sums; |accuracy − group mean| of CE, LDAM+DRW and LDAM+DRW+SAM; for DisAlign, quoted from its paper, the "
      + "same under its paper's 385/479/136.",
    variant: "classes by falling number of pictures"
  ) { context in
    var evidence = Evidence()
    let sizes = [390, 445, 165]
    evidence.count("ImageNet-LT: classes", sizes.reduce(0, +), 1000)
    evidence.count("iNaturalist 2018: classes", [842, 3701, 3599].reduce(0, +), 8142)
    let table = context.table("supplement-2")
    for method in ["CE", "LDAM+DRW", "LDAM+DRW+SAM"] {
      evidence.atMost(
        "|accuracy − group mean|, \(method)",
        table.row("imagenet-lt", method).excess(overGroupsOf: sizes)?.magnitude ?? .nan,
        PrintedDifference.groupMean, unit: "points",
        because: "0.05 on the accuracy, 0.05 on the mean of groups")
    }
    let quoted = table.row("imagenet-lt", "DisAlign")
    for other in [sizes, [385, 479, 136]] {
      evidence.observe(
        "|accuracy − group mean|, DisAlign under \(other.map(String.init).joined(separator: "/"))",
        quoted.excess(overGroupsOf: other)?.magnitude ?? .nan, unit: "points",
        because: "a row quoted from a paper with another split")
    }
    return evidence.verdict(
      ifAllHold: .supported, summary: "1000 and 8142 classes; the authors' rows fit 390/445/165 to rounding")
  }

  /// S-T2, S-T3, S-T4: overall accuracies of the supplement's tables against their groups.
  static let groupMeans: [Claim] = [
    (
      2, [390, 445, 165],
      "Group numbers of DisAlign and DRO-LT come from papers with other splits or none stated."
    ),
    (3, [3, 4, 3], nil),
    (4, [36, 35, 29], "A difference that rounding cannot make is a misprint or another run."),
  ].map { (number: Int, sizes: [Int], remark: String?) in
    let split = sizes.map(String.init).joined(separator: "/")
    return Claim(
      id: "S-T\(number)", kind: .consistency, source: .supplement("Table \(number)"),
      statement:
        "Every readable row of Table \(number) prints an accuracy that is the mean of its groups, \(split) classes.",
      tier: .exact,
      leaf: .printed, weight: .remark,
      nulls: .none(
        because: "it is refuted as it stands: there is no effect that a null could take from it"),
      refutedBy: "A row that is off by more than rounding to a tenth allows, 0.1 points.",
      procedure: "|accuracy − group mean| of each row, with all four numbers as printed.",
      variant: "groups of \(split) classes"
    ) { context in
      var evidence = Evidence()
      var worst = (name: "", value: 0.0, excess: 0.0)
      for row in context.table("supplement-\(number)").rows {
        guard let excess = row.excess(overGroupsOf: sizes) else { continue }
        evidence.atMost(
          "|accuracy − group mean|, \(row.method), \(row.data)", excess.magnitude,
          PrintedDifference.groupMean,
          unit: "points", because: "0.05 on the accuracy, 0.05 on the mean of groups")
        if excess.magnitude > worst.excess.magnitude {
          worst = ("\(row.method) on \(row.data)", row[.accuracy]!, excess)
        }
      }
      if let remark { evidence.note(remark) }
      let failed = evidence.measurements.filter { $0.holds == false }.map(\.name)
      let text =
        "largest for \(worst.name): \(NumberText.short(worst.value)) printed, "
        + "\(NumberText.rounded(worst.value - worst.excess)) from its groups"
      return evidence.verdict(
        ifAllHold: .supported, summary: text,
        refutation: text + (failed.count > 1 ? "; \(failed.count) rows are off by more than 0.1" : ""))
    }
  }
}
