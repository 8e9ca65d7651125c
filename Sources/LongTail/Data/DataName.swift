import EscapementArtifacts

/// The name of a long-tailed data set, parsed: `SET-PROFILEβ`, for example `cifar10-lt100`, `cifar100-step50`,
/// `cifar100coarse-lt10` or, with the subset used by the SSE-SAM and ImbSAM code, `cifar100-lt100-first`. A set alone,
/// `cifar10`, is the balanced one with all its images, β = 1: `cifar10-lt1`.
public struct DataName: Hashable, Sendable, CustomStringConvertible {
  /// The full set.
  public let set: CIFARSet
  /// The kind of labels.
  public let labels: CIFARSet.Labels
  /// The shape of the imbalance.
  public let shape: ImbalanceProfile.Shape
  /// Whether the first images of each class are kept instead of the published draw. The classes are then grouped by
  /// counts, as in the code that uses this subset.
  public let takesFirst: Bool

  /// Creates a name from its parts.
  public init(
    _ set: CIFARSet, labels: CIFARSet.Labels = .fine, kind: ImbalanceProfile.Kind = .longTailed,
    ratio: Double = 100, takesFirst: Bool = false
  ) {
    precondition(set == .cifar100 || labels == .fine, "\(set.rawValue) has no coarse labels")
    self.set = set
    self.labels = labels
    shape = ImbalanceProfile.Shape(kind: kind, ratio: ratio)
    self.takesFirst = takesFirst
  }

  /// The names of the full sets.
  static let sets = ["cifar10", "cifar100", "cifar100coarse"]

  /// Parses a name; nil if it has another form, or if a class would have no images.
  public init?(_ text: String) {
    let balanced = Self.sets.contains(text) ? "\(text)-\(ImbalanceProfile.Kind.longTailed.rawValue)1" : text
    let parts = balanced.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2 || (parts.count == 3 && parts[2] == "first") else { return nil }
    switch parts[0] {
    case "cifar10": (set, labels) = (.cifar10, .fine)
    case "cifar100": (set, labels) = (.cifar100, .fine)
    case "cifar100coarse": (set, labels) = (.cifar100, .coarse)
    default: return nil
    }
    guard let shape = ImbalanceProfile.Shape(String(parts[1])) else { return nil }
    self.shape = shape
    takesFirst = parts.count == 3
    guard description == balanced, profile.counts.allSatisfy({ $0 > 0 }) else { return nil }
  }

  /// The name.
  public var description: String {
    let base = set.rawValue + (labels == .coarse ? "coarse" : "")
    return "\(base)-\(shape)" + (takesFirst ? "-first" : "")
  }

  /// The number of images that each class keeps.
  public var profile: ImbalanceProfile {
    let classes = set.classes(labels)
    return ImbalanceProfile(
      kind: shape.kind, ratio: shape.ratio, classes: classes, perClass: set.trainingCount / classes)
  }

  /// How the images of a class are chosen.
  public var selection: LongTailedSubset.Selection { takesFirst ? .firstInOrder : .published() }

  /// Head, mid and tail classes: by index as in the NeurIPS 2022 paper, or by the thresholds of the SSE-SAM code (1000
  /// and 200 images on CIFAR-10, 100 and 20 on CIFAR-100).
  public var groups: ClassGroups {
    guard takesFirst else { return ClassGroups(byIndex: shape.kind, classes: set.classes(labels)) }
    let thresholds = set == .cifar10 ? (many: 1000, few: 200) : (many: 100, few: 20)
    return ClassGroups(byCount: profile.counts, many: thresholds.many, few: thresholds.few)
  }
}
