import EscapementOptimizers

/// The tree of claims: code, procedure, result.
///
/// Each branch depends on the one before. If the code did not do what the papers say, its results would not be the
/// papers' results. If the procedure did not show what it is assumed to show, the results would not show it either.
package struct ClaimTree: Sendable {
  /// The leaves, by the subject of their claims.
  package enum Leaf: String, Hashable, Sendable, CaseIterable {
    case data, protocols = "protocol", algorithm
    case theory, spectra, printed = "printed numbers"
    case accuracies, gains, radius, curvature, stages, large = "large sets", fixture
  }

  /// A branch or a leaf of it.
  package struct Node: Sendable {
    /// The name, unique in the tree.
    package let name: String
    /// The common question of its claims.
    package let question: String
    /// The parts of a branch; empty for a leaf.
    package let children: [Node]

    init(_ name: String, _ question: String, _ children: [Node]) {
      self.name = name
      self.question = question
      self.children = children
      leaves = children.flatMap(\.leaves)
    }

    init(_ leaf: Leaf, _ question: String) {
      name = leaf.rawValue
      self.question = question
      children = []
      leaves = [leaf]
    }

    /// The leaves of the node; a leaf contains itself.
    let leaves: [Leaf]
  }

  /// The three branches, in the order in which they build on each other.
  package static let branches: [Node] = [
    Node(
      "code", "Does what was run do what the papers state?",
      [
        Node(.data, "Class counts, splits and groups"),
        Node(.protocols, "Rates, epochs, constants and step counts"),
        Node(.algorithm, "Algorithm 1, the losses' weights and the stages of SSE-SAM"),
      ]),
    Node(
      "procedure", "Does what is computed show what the papers take from it?",
      [
        Node(.theory, "Theorem 1, its assumption and what follows from it"),
        Node(.spectra, "What a measured spectrum is of, and how near its ends are"),
        Node(.printed, "Whether text and tables agree"),
      ]),
    Node(
      "result", "Does what the papers report come out?",
      [
        Node(.accuracies, "Rows of the accuracy tables"), Node(.gains, "What SAM adds to a method"),
        Node(.radius, "How accuracy depends on ρ"),
        Node(.curvature, "Class-wise saddles of trained networks"),
        Node(.stages, "SSE-SAM and ImbSAM"), Node(.large, "ImageNet-LT and iNaturalist 2018"),
        Node(.fixture, "The contrasts at a scale that settles nothing"),
      ]),
  ]

  /// "result → gains" for a leaf.
  package static func path(to leaf: Leaf) -> String {
    guard let branch = branches.first(where: { $0.leaves.contains(leaf) }) else {
      preconditionFailure("no branch has the leaf \(leaf)")
    }
    return "\(branch.name) → \(leaf.rawValue)"
  }
}
