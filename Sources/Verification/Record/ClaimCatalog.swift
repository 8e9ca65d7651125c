import EscapementArtifacts
/// All claims, in a fixed order, with unique ids.
package struct ClaimCatalog: Sendable {
  /// The claims, in the order of reports.
  package let claims: [Claim]

  /// A catalog of the given claims, whose ids must be unique.
  package init(_ claims: [Claim]) {
    var seen: Set<String> = []
    for claim in claims {
      precondition(seen.insert(claim.id.uppercased()).inserted, "two claims are called \(claim.id)")
    }
    self.claims = claims
  }

  /// The claim with the given id, ignoring case.
  package subscript(id: String) -> Claim? {
    claims.first { $0.id.uppercased() == id.uppercased() }
  }

  /// The claims that words name (all if empty) in the given tiers and, if `rows` names a place, from that place; in
  /// catalog order, each once.
  ///
  /// A word is an id in any case ("T3"), the beginning of ids ("P4*"; "P4" alone for all ids that begin with "P4-" if
  /// no claim has the id "P4"), or a place in the papers ("supplement", "§D", "poster/table", "Table 3", "Algorithm
  /// 1").
  package func selecting(ids words: [String], rows: String? = nil, tiers: Set<Tier>)
    throws(UnknownClaim) -> [Claim]
  {
    var wanted: Set<String> = []
    for word in words { wanted.formUnion(try claims(named: word).map(\.id)) }
    let places = try rows.map { word throws(UnknownClaim) in
      guard let found = claims(at: word) else { throw unknown(place: word) }
      return Set(found.map(\.id))
    }
    return claims.filter {
      tiers.contains($0.tier) && (words.isEmpty || wanted.contains($0.id)) && places?.contains($0.id) ?? true
    }
  }

  /// The words of a list such as "T1,T2,P4*", without surrounding blanks.
  package static func words(of list: String) -> [String] {
    list.split(separator: ",", omittingEmptySubsequences: false).map {
      $0.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
  }

  /// The claims that one word names, at least one.
  private func claims(named word: String) throws(UnknownClaim) -> [Claim] {
    if let claim = self[word] { return [claim] }
    let beginning = word.hasSuffix("*") ? String(word.dropLast()) : word + "-"
    let begun = word.isEmpty ? [] : claims.filter { $0.id.uppercased().hasPrefix(beginning.uppercased()) }
    if !begun.isEmpty { return begun }
    if let found = claims(at: word) { return found }
    // No id has these characters.
    let isPlace = word.contains { $0 == "/" || $0 == "§" || $0.isWhitespace }
    throw isPlace ? unknown(place: word) : UnknownClaim(id: word, near: near(word))
  }

  /// The claims whose source is at a place, "DOCUMENT/PART", "DOCUMENT" or "PART"; nil if there is none.
  private func claims(at word: String) -> [Claim]? {
    let found = claims.filter { $0.source.isAt(word) }
    return found.isEmpty ? nil : found
  }

  /// The error for a place that no claim's source names, with similar known places.
  private func unknown(place word: String) -> UnknownClaim {
    var known: [String] = []
    for claim in claims {
      for place in claim.source.places where !known.contains(place) { known.append(place) }
    }
    let asked = ClaimSource.normalized(word)
    let ranked = known.enumerated().map { index, place in
      // A word without a document is compared only with the parts.
      let text =
        asked.contains("/") ? place : place.split(separator: "/", maxSplits: 1).last.map(String.init) ?? place
      return (distance: EditDistance.between(asked, ClaimSource.normalized(text)), index: index, place: place)
    }
    let near = ranked.sorted { ($0.distance, $0.index) < ($1.distance, $1.index) }.prefix(4).map(\.place)
    return UnknownClaim(id: word, near: near, isPlace: true)
  }

  /// Up to four ids closest to `id` by edit distance, nearest first, ties in catalog order.
  package func near(_ id: String) -> [String] {
    // A long word is not similar to any id; the limit keeps the comparison short.
    let asked = String(id.prefix(40)).uppercased()
    let ranked = claims.enumerated().map { place, claim in
      (distance: EditDistance.between(asked, claim.id.uppercased()), place: place, id: claim.id)
    }
    return ranked.sorted { ($0.distance, $0.place) < ($1.distance, $1.place) }.prefix(4).map(\.id)
  }
}

/// A word that names no claim of the catalog.
package struct UnknownClaim: ReportedError, Hashable {
  /// 64: the command was used wrongly.
  package var exitCode: Int32 { 64 }
  /// The word.
  package var id: String
  /// Similar ids or places.
  package var near: [String]
  /// Whether the word was interpreted as a place.
  package var isPlace = false
  /// One line naming both.
  package var description: String {
    let known = near.isEmpty ? "the catalog is empty" : "near: \(near.joined(separator: ", "))"
    return "no \(isPlace ? "claim stands at" : "claim is called") \"\(id.quotable(limit: 80))\"; \(known)"
  }
}
