/// The state of a node of the tree of claims after a verification: what is settled and how, what is refuted, and what
/// is open.
///
/// There is no score. Weights are added within one outcome of one kind of statement and are never divided: a thousand
/// supported remarks do not outweigh a main statement that is open.
package struct TreeStanding: Sendable {
  /// Claims of one kind and one outcome.
  package struct Share: Hashable, Sendable {
    /// The kind of the statements.
    package let kind: ClaimKind
    /// The outcome's name.
    package let outcome: String
    /// The sum of the claims' weights.
    package let weight: Int
    /// The claims, heaviest first, in the order of the catalog.
    package let ids: [String]
  }

  /// The node's name.
  package let name: String
  /// The common question of its claims.
  package let question: String
  /// The decided claims, by kind and by outcome in the order of tallies.
  package let settled: [Share]
  /// The claims that were judged but not decided, by kind.
  package let open: [Share]
  /// The parts.
  package let children: [TreeStanding]

  /// Refuted claims by kind, heaviest first within a kind.
  package var refuted: [Share] { settled.filter { $0.outcome == "refuted" } }
  /// Whether any of its claims was judged.
  package var isAsked: Bool { !settled.isEmpty || !open.isEmpty }

  /// The branches after a verification; claims that were not selected are not included.
  static func branches(of entries: [VerificationRecord.Entry]) -> [TreeStanding] {
    ClaimTree.branches.map { TreeStanding($0, entries) }
  }

  private init(_ node: ClaimTree.Node, _ entries: [VerificationRecord.Entry]) {
    let members = entries.filter { node.leaves.contains($0.claim.leaf) }
    name = node.name
    question = node.question
    settled = ClaimKind.allCases.flatMap { kind in
      Outcome.names.compactMap { outcome in
        Self.share(kind, outcome, members) { $0.isConclusive && $0.name == outcome }
      }
    }
    open = ClaimKind.allCases.compactMap { kind in Self.share(kind, "open", members) { !$0.isConclusive } }
    children = node.children.map { TreeStanding($0, entries) }
  }

  /// The members of a kind with the given outcomes; nil if there are none.
  private static func share(
    _ kind: ClaimKind, _ outcome: String, _ members: [VerificationRecord.Entry],
    where isIncluded: (Outcome) -> Bool
  ) -> Share? {
    let entries = members.filter { $0.claim.kind == kind && isIncluded($0.verdict.outcome) }
    guard !entries.isEmpty else { return nil }
    let ranked = entries.enumerated().sorted {
      $0.element.claim.weight != $1.element.claim.weight
        ? $0.element.claim.weight > $1.element.claim.weight : $0.offset < $1.offset
    }
    return Share(
      kind: kind, outcome: outcome, weight: entries.reduce(0) { $0 + $1.claim.weight.rawValue },
      ids: ranked.map(\.element.claim.id))
  }
}

extension VerificationRecord {
  /// The state of the branches of the tree of claims.
  package var tree: [TreeStanding] { TreeStanding.branches(of: entries) }
}
