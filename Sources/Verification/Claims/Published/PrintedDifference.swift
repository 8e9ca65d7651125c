import EscapementOptimizers

/// Differences of numbers that are printed to a tenth.
enum PrintedDifference {
  /// The rounding error of a printed difference: numbers such as 73.1 are not binary fractions.
  static let rounding = 1e-9
  /// Half of the smallest difference that can be printed; a difference above it is positive as printed.
  static let positive = 0.05
  /// The most that a row's accuracy and the mean of its groups can differ by rounding to a tenth: 0.05 on each.
  static let groupMean = 0.1 + rounding
  /// The most that a stated gain and the difference of two printed numbers can differ by rounding: 0.05 on each of the
  /// three.
  static let statedGain = 0.15 + rounding
}

extension PublishedRow {
  /// Accuracy minus the mean of head, middle and tail weighted by their numbers of classes; nil if one of the four is
  /// missing.
  func excess(overGroupsOf sizes: [Int]) -> Double? {
    guard let all = self[.accuracy], let head = self[.head], let mid = self[.mid], let tail = self[.tail]
    else { return nil }
    let sum = zip(sizes, [head, mid, tail]).map { Double($0) * $1 }.reduce(0, +)
    return all - sum / Double(sizes.reduce(0, +))
  }
}

/// The measure in which a gain in accuracy is stated.
enum GainMeasure: String, CaseIterable {
  /// Accuracy with SAM minus accuracy without.
  case points = "difference"
  /// That difference in percent of the accuracy without SAM.
  case relative = "relative difference"
  /// That difference in percent of the error without SAM, which is 100 minus the accuracy.
  case error = "reduction of error"

  /// "points" or "%".
  var unit: String { self == .points ? "points" : "%" }

  /// The gain from one accuracy in percent to another.
  func value(_ before: Double, _ after: Double) -> Double {
    switch self {
    case .points: after - before
    case .relative: 100 * (after - before) / before
    case .error: 100 * (after - before) / (100 - before)
    }
  }

  /// The smallest and the largest gain of two accuracies that round to these printed tenths: each measure increases
  /// with the second and decreases with the first.
  func interval(_ before: Double, _ after: Double) -> (lower: Double, upper: Double) {
    (value(before + 0.05, after - 0.05), value(before - 0.05, after + 0.05))
  }
}

/// Two rows of one table that differ by SAM.
struct PrintedPair {
  var base: PublishedRow
  var sam: PublishedRow

  /// "CE+DRW, cifar10-lt100".
  var name: String { "\(base.method), \(base.data)" }

  /// The gain of a quantity, in points; nil if either number is missing.
  func gain(_ quantity: PublishedQuantity) -> Double? {
    guard let before = base[quantity], let after = sam[quantity] else { return nil }
    return after - before
  }
}

extension PublishedTable {
  /// The readable row whose accuracy is farthest from the mean of its groups, and the distance; nil without a readable
  /// row.
  func farthestFromGroups(of sizes: [Int]) -> (row: PublishedRow, excess: Double)? {
    rows.compactMap { row in row.excess(overGroupsOf: sizes).map { (row: row, excess: $0) } }
      .max { $0.excess.magnitude < $1.excess.magnitude }
  }

  /// Every row whose method ends in "+SAM", with the row of the same method without it.
  var pairs: [PrintedPair] {
    rows.compactMap { sam in
      guard sam.method.hasSuffix("+SAM") else { return nil }
      let method = String(sam.method.dropLast(4))
      return rows.first { $0.data == sam.data && $0.method == method }.map { PrintedPair(base: $0, sam: sam) }
    }
  }
}

extension Evidence {
  /// Judges that printed gains are positive, with one measurement each. Pairs without both numbers are noted.
  mutating func gains(_ pairs: [PrintedPair], _ quantity: PublishedQuantity) {
    for pair in pairs {
      guard let gain = pair.gain(quantity) else {
        note("\(pair.name): the \(quantity.rawValue) of one row cannot be read.")
        continue
      }
      atLeast(
        "\(quantity.rawValue) gain of SAM, \(pair.name)", gain, PrintedDifference.positive, unit: "points",
        because: "above 0 as printed to a tenth")
    }
  }
}
