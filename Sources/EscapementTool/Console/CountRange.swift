import ArgumentParser

/// The ranges of counts on the command line. They are far beyond every use and small enough for arithmetic and memory.
enum CountRange {
  /// Of repetitions, steps, batches, images and the like, which each take time or a few bytes.
  static let most = 1_000_000
  /// Of vectors as long as the network has parameters: Lanczos steps, random directions.
  static let mostVectors = 10_000
  /// Of intervals between events of a run: larger ones mean that there is none.
  static let longestInterval = 1_000_000_000

  /// Throws a usage error for the first value that is out of its range; nil is a flag that was not given.
  static func check(_ values: [(flag: String, value: Int?, range: ClosedRange<Int>)]) throws {
    for (flag, value, range) in values {
      if let value, !range.contains(value) {
        throw ValidationError("\(flag) is \(value), expected \(range.lowerBound) to \(range.upperBound)")
      }
    }
  }
}
