import EscapementDrawing
import EscapementOptimizers

// Group sizes, compared with rows whose accuracy is the mean of its groups.

extension Claim {
  /// The claims about head, middle and tail, in the catalog's order.
  static let groupArithmetic: [Claim] = [.cifar100Split, .largeSplits]

  /// D3: the split of CIFAR-100 LT.
  static let cifar100Split = Claim(
    id: "D3", kind: .consistency, source: .supplement("§C"),
    quote:
      "head classes consist of the initial 36 classes, mid classes contain the following 35 classes, "
      + "and the tail classes consist of the remaining 29 classes",
    statement:
      "Head, middle and tail of CIFAR-100 LT are 36, 35 and 29 classes: the printed rows of Table 4 fit this split "
      + "better than its neighbors.",
    tier: .exact,
    leaf: .data, weight: .remark,
    nulls: .losing([.balanced]),
    refutedBy: "A row of Table 4 whose accuracy is nearer to the group mean of 35/35/30 or 34/36/30.",
    procedure:
      "|accuracy − group mean| of each readable row of Table 4 under the three splits. That the classes above 100 and "
      + "below 20 images, a rule of other authors, give 35/35/30 is printed beside it, and so is the row that is "
      + "farthest from the mean of its groups.",
    variant: "split by class index: 0–35, 36–70, 71–99", procedureVersion: 2
  ) { context in
    var evidence = Evidence()
    let stated = [36, 35, 29]
    evidence.count("classes", stated.reduce(0, +), 100)
    let table = context.table("supplement-4")
    let rows = table.rows.filter { $0.excess(overGroupsOf: stated) != nil }
    for other in [[35, 35, 30], [34, 36, 30]] {
      let better = rows.count { row in
        let here = row.excess(overGroupsOf: stated)!.magnitude
        return !(here < row.excess(overGroupsOf: other)!.magnitude)
      }
      evidence.none(
        "rows that fit \(other.map(String.init).joined(separator: "/")) as well or better", better,
        of: rows.count, because: "the right split fits every row best")
    }
    if let (row, excess) = table.farthestFromGroups(of: stated) {
      let all = row[.accuracy] ?? .nan
      let distance = evidence.observe(
        "largest |accuracy − group mean|, \(row.method), \(row.data)", excess.magnitude, unit: "points",
        because: "rounding makes 0.1 at most")
      if distance.value > PrintedDifference.groupMean {
        evidence.note(
          "\(row.method) on \(row.data): \(NumberText.short(all)) printed, \(NumberText.rounded(all - excess)) from its "
            + "groups. A difference that rounding cannot make is a misprint or another run.")
      }
    }
    let counts = try context.subject.classCounts(.longTailed, classes: 100)
    evidence.observe(
      "classes with more than 100 images", Double(counts.count { $0 > 100 }),
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
      + "subsequent 445 classes, and the tail classes hold the remaining 165 classes. Whereas for "
      + "iNaturalist 2018, first 842 classes fall into the head classes, subsequent 3701 classes into the "
      + "mid classes, and the remaining 3599 into the tail classes.",
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
      "The sums; |accuracy − group mean| of CE, LDAM+DRW and LDAM+DRW+SAM. Rows quoted from papers with other splits are "
      + "shown and decide nothing: DRO-LT, and DisAlign under its paper's 385/479/136 too.",
    variant: "classes by falling number of images", procedureVersion: 2
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
    for (method, split) in [("DisAlign", sizes), ("DisAlign", [385, 479, 136]), ("DRO-LT", sizes)] {
      evidence.observe(
        "|accuracy − group mean|, \(method) under \(split.map(String.init).joined(separator: "/"))",
        table.row("imagenet-lt", method).excess(overGroupsOf: split)?.magnitude ?? .nan, unit: "points",
        because: "a row quoted from a paper with another split, or with none stated")
    }
    return evidence.verdict(
      ifAllHold: .supported, summary: "1000 and 8142 classes; the authors' rows fit 390/445/165 to rounding")
  }
}
