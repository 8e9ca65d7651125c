/// How a node of the tree of claims stands after a verification: what is settled and how, what is refuted, what is open.
///
/// There is no score. Weights are added within one outcome of one kind of statement and never divided: a branch with a thousand
/// supported remarks is not carried by them where its one main statement is open.
package struct TreeStanding: Sendable {
  /// Claims of one kind and one outcome.
  package struct Share: Hashable, Sendable {
    /// Whose statements they are.
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
  /// What its claims ask together.
  package let question: String
  /// What was decided, by kind and by outcome in the order of tallies.
  package let settled: [Share]
  /// What was asked and not decided, by kind.
  package let open: [Share]
  /// The parts.
  package let children: [TreeStanding]

  /// Refuted claims by kind, heaviest first within one.
  package var refuted: [Share] { settled.filter { $0.outcome == "refuted" } }
  /// Whether any of its claims was asked.
  package var isAsked: Bool { !settled.isEmpty || !open.isEmpty }

  /// The branches after a verification; claims that were not selected are no part of them.
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

  /// The members of a kind whose outcome is as asked; nil without any.
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
  /// How the branches of the tree of claims stand.
  package var tree: [TreeStanding] { TreeStanding.branches(of: entries) }
}
