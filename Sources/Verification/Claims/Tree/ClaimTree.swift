/// The tree in which claims stand: code, procedure, result.
///
/// Each branch speaks on the ground of the one before. If the code did something else than the papers say, its results
/// would be results of something else; if the procedure did not show what it is taken to show, the results would show
/// something else.
public struct ClaimTree: Sendable {
  /// A branch or a leaf of it.
  public struct Node: Sendable {
    /// The name, unique in the tree.
    public let name: String
    /// What its claims ask together.
    public let question: String
    /// The parts of a branch; empty for a leaf.
    public let children: [Node]

    init(_ name: String, _ question: String, _ children: [Node] = []) {
      self.name = name
      self.question = question
      self.children = children
    }

    /// The names of its leaves, its own where it is one.
    var leaves: [String] { children.isEmpty ? [name] : children.flatMap(\.leaves) }
  }

  /// The three branches, in the order in which they build on each other.
  public static let branches: [Node] = [
    Node(
      "code", "Does what was run do what the papers state?",
      [
        Node("data", "Class counts, splits and groups"),
        Node("protocol", "Rates, epochs, constants and step counts"),
        Node("algorithm", "Algorithm 1, the losses' weights and the stages of SSE-SAM"),
      ]),
    Node(
      "procedure", "Does what is computed show what the papers take from it?",
      [
        Node("theory", "Theorem 1, its assumption and what follows from it"),
        Node("spectra", "What a measured spectrum is of, and how near its ends are"),
        Node("printed numbers", "Whether text and tables agree"),
      ]),
    Node(
      "result", "Does what the papers report come out?",
      [
        Node("accuracies", "Rows of the accuracy tables"), Node("gains", "What SAM adds to a method"),
        Node("radius", "How accuracy depends on ρ"),
        Node("curvature", "Class-wise saddles of trained networks"),
        Node("stages", "SSE-SAM and ImbSAM"), Node("large sets", "ImageNet-LT and iNaturalist 2018"),
        Node("fixture", "The contrasts at a scale that settles nothing"),
      ]),
  ]

  /// "result → gains" for the name of a leaf.
  public static func path(to leaf: String) -> String {
    guard let branch = branches.first(where: { $0.leaves.contains(leaf) }) else {
      preconditionFailure("no leaf is called \(leaf)")
    }
    return "\(branch.name) → \(leaf)"
  }
}

extension Claim {
  /// The leaf of the tree in which the claim stands: by its family where it waits for runs, else by the letter of its id.
  public var leaf: String {
    if tier == .large { return "large sets" }
    if tier.waitsForRuns { return Self.leaves[id] ?? "accuracies" }
    switch id.first {
    case "F": return "fixture"
    case "T": return "theory"
    case "H": return id == "H11" ? "printed numbers" : "spectra"
    case "M", "A": return "algorithm"
    case "D": return Self.protocols.contains(id) ? "protocol" : "data"
    default: return id == "R3" ? "protocol" : "printed numbers"
    }
  }

  private static let protocols: Set<String> = ["D6", "D7", "D8", "D9"]

  /// The leaves of the claims about runs by id; rows of tables, which are families of their own, are not in it.
  private static let leaves: [String: String] = Dictionary(
    uniqueKeysWithValues: [
      (RunFamily.posterGains, "gains"), (.supplementGains, "gains"), (.radius, "radius"),
      (.curvature, "curvature"), (.stageWise, "stages"),
    ].flatMap { family, leaf in family.statements.map { ($0.id, leaf) } })
}
