import EscapementLongTail

// Sizes of the long-tailed data sets and their split into head, middle and tail.

extension Claim {
  /// The claims about the data sets, in the catalog's order.
  static let classCounts: [Claim] = [.longTailedCounts, .stepCounts, .splitThresholds]

  /// D1: the long-tailed counts.
  static let longTailedCounts = Claim(
    id: "D1", kind: .consistency, source: .supplement("§C"),
    quote:
      "CIFAR-10 LT holds 5000 samples in the most frequent class and 50 in the least, whereas "
      + "CIFAR-100 LT decays from 500 samples in the most frequent class to 5 in the least.",
    statement: "At β = 100, CIFAR-10 LT has 5000 down to 50 images a class and CIFAR-100 LT 500 down to 5.",
    tier: .exact,
    leaf: .data, weight: .remark,
    nulls: .losing([.permutedLabels, .balanced]),
    refutedBy: "Another count in either profile.",
    procedure:
      "The counts of the package's profile, n_c = trunc(m·β^(−c/(C−1))), against the published lists.",
    variant: "counts truncated, classes in label order"
  ) { context in
    var evidence = Evidence()
    let ten = try context.subject.classCounts(.longTailed, classes: 10)
    let published = [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]
    evidence.none(
      "CIFAR-10 LT: classes with another count", mismatches(ten, published), of: published.count,
      because: "counts of the released generator")
    let hundred = try context.subject.classCounts(.longTailed, classes: 100)
    evidence.count("CIFAR-100 LT: classes", hundred.count, 100)
    evidence.count("CIFAR-100 LT: most frequent class", hundred.first ?? 0, 500)
    evidence.count("CIFAR-100 LT: rarest class", hundred.last ?? 0, 5)
    evidence.count("CIFAR-100 LT: images", hundred.reduce(0, +), 10847)
    evidence.count("CIFAR-10 LT: images", ten.reduce(0, +), 12406)
    return evidence.verdict(
      ifAllHold: .supported,
      summary: "\(ten.first ?? 0) … \(ten.last ?? 0), \(ten.reduce(0, +)) images; \(hundred.first ?? 0) … "
        + "\(hundred.last ?? 0), \(hundred.reduce(0, +)) images")
  }

  /// D4: the step counts.
  static let stepCounts = Claim(
    id: "D4", kind: .consistency, source: .supplement("§C"),
    quote:
      "The first 5 (Head) classes of CIFAR-10 contain 5000 samples each, along with 50 samples each "
      + "in the remaining 5 (Tail) classes. On the other hand, the top first 50 (Head) classes of CIFAR-100 "
      + "contain 500 samples each, and the remaining 50 (Tail) classes consist of 5 samples each.",
    statement: "At β = 100 the step data sets have 5 × 5000 + 5 × 50 and 50 × 500 + 50 × 5 images.",
    tier: .exact,
    leaf: .data, weight: .remark,
    nulls: .losing([.permutedLabels, .balanced]),
    refutedBy: "Another count in either profile.",
    procedure: "The counts of the package's step profile against the statement.",
    variant: "first half of the classes frequent"
  ) { context in
    var evidence = Evidence()
    var images: [String] = []
    for (classes, many, few) in [(10, 5000, 50), (100, 500, 5)] {
      let counts = try context.subject.classCounts(.step, classes: classes)
      let expected = (0..<classes).map { $0 < classes / 2 ? many : few }
      evidence.none(
        "CIFAR-\(classes) step: classes with another count", mismatches(counts, expected), of: classes,
        because: "the statement")
      images.append(
        evidence.count("CIFAR-\(classes) step: images", counts.reduce(0, +), 25250).valueText)
    }
    return evidence.verdict(
      ifAllHold: .supported, summary: "\(images.joined(separator: " and ")) images")
  }

  /// D2: the split, and the thresholds that are stated to produce it.
  static let splitThresholds = Claim(
    id: "D2", kind: .consistency, source: .supplement("§C"),
    quote:
      "the first 3 classes (> 1500 images each) fall into the head classes, following 4 classes (> "
      + "250 images each) into the mid classes, and the final 3 classes (< 250 images each) into the "
      + "tail classes",
    statement:
      "The head, middle and tail of CIFAR-10 LT (β = 100) are 3, 4 and 3 classes: those with more than 1500, "
      + "with 250 to 1500 and with fewer than 250 images.",
    tier: .exact,
    leaf: .data, weight: .remark,
    nulls: .none(because: "it is refuted as it stands: there is no effect that a null could take from it"),
    refutedBy: "A class whose count puts it into another group than the split does.",
    procedure:
      "The thresholds on the package's counts against the split by class index; the split itself against the "
      + "overall and group accuracies of the readable rows of Table 3.",
    variant: "split by class index: 0–2, 3–6, 7–9", procedureVersion: 2
  ) { context in
    var evidence = Evidence()
    let counts = try context.subject.classCounts(.longTailed, classes: 10)
    let groups = context.subject.classGroups()
    let stated = ClassGroups(byCount: counts, many: 1500, few: 250)
    for (name, found, expected) in [
      ("head", stated.head, 3), ("middle", stated.mid, 4), ("tail", stated.tail, 3),
    ] {
      evidence.count("\(name) classes by the stated thresholds", found.count, expected)
    }
    for (name, found, expected) in [
      ("head", groups.head, 3), ("middle", groups.mid, 4), ("tail", groups.tail, 3),
    ] {
      evidence.count("\(name) classes by index", found.count, expected)
    }
    for sizes in [[3, 4, 3], [3, 3, 4], [4, 3, 3]] {
      let worst = context.table("supplement-3").farthestFromGroups(of: sizes)?.excess.magnitude ?? .nan
      let name =
        "largest |accuracy − group mean| in Table 3 with sizes \(sizes.map(String.init).joined(separator: "/"))"
      if sizes == [3, 4, 3] {
        evidence.atMost(
          name, worst, PrintedDifference.groupMean, unit: "points",
          because: "numbers printed to 0.1: 0.05 on the accuracy, 0.05 on the mean of groups")
      } else {
        evidence.observe(name, worst, unit: "points", because: "the neighboring split, for comparison")
      }
    }
    if counts.count > 6 {
      evidence.note("Class 6 has \(counts[6]) images, fewer than 250, and is a middle class by index.")
    }
    evidence.note(
      "The split 3/4/3 by index is the one that every printed row fits; the thresholds give 3/3/4.")
    let sizes = [stated, groups].map { "\($0.head.count)/\($0.mid.count)/\($0.tail.count)" }
    return evidence.verdict(
      ifAllHold: .supported, summary: "thresholds and index give the same split",
      refutation: "the stated thresholds give \(sizes[0]) classes, the split by index \(sizes[1])"
        + (counts.count > 6 ? "; class 6 has \(counts[6]) images" : ""))
  }

  private static func mismatches(_ found: [Int], _ expected: [Int]) -> Int {
    found.count == expected.count ? zip(found, expected).count { $0 != $1 } : expected.count
  }
}

extension Evidence {
  /// Judges an integer that must be met exactly.
  @discardableResult
  mutating func count(_ name: String, _ found: Int, _ expected: Int) -> Measurement {
    equal(name, Double(found), to: Double(expected), within: 0, because: "integers")
  }
}
