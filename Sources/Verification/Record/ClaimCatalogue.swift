import Artifacts
/// All claims, in a fixed order, with unique ids.
public struct ClaimCatalogue: Sendable {
  /// The claims, in the order of reports.
  public let claims: [Claim]

  /// A catalogue of the given claims; two of one id are a caller's bug.
  public init(_ claims: [Claim]) {
    var seen: Set<String> = []
    for claim in claims {
      precondition(seen.insert(claim.id.uppercased()).inserted, "two claims are called \(claim.id)")
    }
    self.claims = claims
  }

  /// The claim of that id, in any case.
  public subscript(id: String) -> Claim? {
    claims.first { $0.id.uppercased() == id.uppercased() }
  }

  /// The claims of the given ids (all when empty) and tiers, in catalogue order, each once.
  public func selecting(ids: [String], tiers: Set<Tier>) throws(UnknownClaim) -> [Claim] {
    var wanted: Set<String> = []
    for id in ids {
      guard let claim = self[id] else { throw UnknownClaim(id: id, near: near(id)) }
      wanted.insert(claim.id)
    }
    return claims.filter { tiers.contains($0.tier) && (ids.isEmpty || wanted.contains($0.id)) }
  }

  /// Up to four ids closest to `id` by edit distance, nearest first, ties in catalogue order.
  public func near(_ id: String) -> [String] {
    let ranked = claims.enumerated().map { place, claim in
      (distance: EditDistance.between(id.uppercased(), claim.id.uppercased()), place: place, id: claim.id)
    }
    return ranked.sorted { ($0.distance, $0.place) < ($1.distance, $1.place) }.prefix(4).map(\.id)
  }
}

/// An id that the catalogue does not have.
public struct UnknownClaim: ReportedError, Hashable {
  /// 64: the command was used wrongly.
  public var exitCode: Int32 { 64 }
  /// The id asked for.
  public var id: String
  /// Ids like it.
  public var near: [String]
  /// One line naming both.
  public var description: String {
    "no claim is called \"\(id)\"; near: \(near.joined(separator: ", "))"
  }
}

/// Levenshtein distance: insertions, deletions and substitutions that turn one word into another.
enum EditDistance {
  static func between(_ a: String, _ b: String) -> Int {
    let target = Array(b.unicodeScalars)
    var previous = Array(0...target.count)
    for (i, letter) in a.unicodeScalars.enumerated() {
      var current = [i + 1]
      for (j, other) in target.enumerated() {
        current.append(min(previous[j] + (letter == other ? 0 : 1), previous[j + 1] + 1, current[j] + 1))
      }
      previous = current
    }
    return previous[target.count]
  }
}
