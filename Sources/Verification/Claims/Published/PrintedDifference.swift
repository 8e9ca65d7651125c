/// Differences of numbers that are printed to a tenth.
enum PrintedDifference {
  /// What a printed difference may be off: numbers such as 73.1 are no binary fractions.
  static let rounding = 1e-9
  /// Half of the smallest difference that print can show: above it a difference is positive as printed.
  static let positive = 0.05
  /// The most that a row's accuracy and the mean of its groups can differ by rounding to a tenth: 0.05 on each.
  static let groupMean = 0.1 + rounding
}

extension PublishedRow {
  /// Accuracy less the mean of head, middle and tail weighted by their numbers of classes; nil without all four.
  func excess(overGroupsOf sizes: [Int]) -> Double? {
    guard let all = self[.accuracy], let head = self[.head], let mid = self[.mid], let tail = self[.tail]
    else { return nil }
    let sum = zip(sizes, [head, mid, tail]).map { Double($0) * $1 }.reduce(0, +)
    return all - sum / Double(sizes.reduce(0, +))
  }
}

/// Two rows of one table that differ by SAM.
struct PrintedPair {
  var base: PublishedRow
  var sam: PublishedRow

  /// "CE+DRW, cifar10-lt100".
  var name: String { "\(base.method), \(base.data)" }

  /// The gain of a quantity, in points; nil where either number is missing.
  func gain(_ quantity: PublishedQuantity) -> Double? {
    guard let before = base[quantity], let after = sam[quantity] else { return nil }
    return after - before
  }
}

extension PublishedTable {
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
  /// Judges that printed gains are positive, one measurement each; those without both numbers are noted.
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
