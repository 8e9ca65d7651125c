/// What part of the papers a refuted claim would invalidate, from nothing to a main statement.
///
/// A weight orders claims for a reader. It is not a probability and is never divided by a total.
package enum ClaimWeight: Int, Hashable, Sendable, CaseIterable, Comparable {
  /// Nothing: evidence at a scale that settles nothing about the papers.
  case nothing = 0
  /// A number, a constant or a remark.
  case remark = 1
  /// A theorem, a row of a table or a contrast that a figure shows.
  case table = 2
  /// A statement of an abstract, or the reading on which the title rests.
  case headline = 3

  /// Lighter ones come first.
  package static func < (a: ClaimWeight, b: ClaimWeight) -> Bool { a.rawValue < b.rawValue }

  /// The weight in words.
  package var text: String {
    switch self {
    case .nothing: "nothing of the papers falls with it"
    case .remark: "a number, a constant or a remark falls with it"
    case .table: "a theorem, a row of a table or a contrast of a figure falls with it"
    case .headline: "a main statement falls with it"
    }
  }
}
