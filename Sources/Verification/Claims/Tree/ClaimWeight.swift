/// What of the papers falls with a claim, from nothing to a main statement.
///
/// A weight orders claims for a reader; it is no probability and is never divided by a total.
public enum ClaimWeight: Int, Hashable, Sendable, CaseIterable, Comparable {
  /// Nothing: evidence of a scale that settles nothing about the papers.
  case nothing = 0
  /// A number, a constant or a remark.
  case remark = 1
  /// A theorem, a row of a table or a contrast that a figure shows.
  case table = 2
  /// A statement of an abstract, or the reading on which the title rests.
  case headline = 3

  /// Lighter ones come first.
  public static func < (a: ClaimWeight, b: ClaimWeight) -> Bool { a.rawValue < b.rawValue }

  /// The weight in words.
  public var text: String {
    switch self {
    case .nothing: "nothing of the papers falls with it"
    case .remark: "a number, a constant or a remark falls with it"
    case .table: "a theorem, a row of a table or a contrast of a figure falls with it"
    case .headline: "a main statement falls with it"
    }
  }
}

extension Claim {
  /// What of the papers falls with the claim. Stated by what it says and the tier of its evidence, before any verdict.
  public var weight: ClaimWeight {
    if tier == .fixture || tier == .contrast { return .nothing }
    if Self.headlines.contains(id) { return .headline }
    return tier.waitsForRuns || Self.theorems.contains(id) ? .table : .remark
  }

  /// SAM amplifies along negative curvature and so leaves saddles; re-weighting ends in saddles of the tail and SAM does
  /// not; it raises accuracy, and the tail's; and the four statements of SSE-SAM's abstract that a comparison can decide.
  static let headlines: Set<String> = [
    "T3", "T6", "H1", "H8", "P9r", "P10r", "G1r", "A1", "A4", "A5",
  ]

  /// Theorem 1 with the steps of its proof, its assumption and its monotonicity, and what it becomes for the step taken.
  static let theorems: Set<String> = ["T1", "T2", "T4", "T8", "T9", "T11", "T14"]
}
