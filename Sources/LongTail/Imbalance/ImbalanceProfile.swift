import CEscapementKernels

/// The number of training images that each class keeps.
///
/// The two profiles of Cui et al. 2019 and Cao et al. 2019 as computed by their released code. With m = (training
/// images) / (classes), β = n_max / n_min and f = 1/β they are: exponential long-tailed n_c = ⌊m · f^(c/(C−1))⌋, and
/// step n_c = ⌊m⌋ for the first half of the classes, ⌊m · f⌋ for the rest.
public struct ImbalanceProfile: Hashable, Sendable {
  /// The two shapes.
  public enum Kind: String, Hashable, Sendable {
    /// Counts fall exponentially from class 0 to class C − 1.
    case longTailed = "lt"
    /// The second half of the classes has 1/β of the first half's count.
    case step
  }

  /// A kind with its β, as text `lt100` or `step50`.
  public struct Shape: Hashable, Sendable, LosslessStringConvertible {
    /// The kind.
    public let kind: Kind
    /// β = n_max / n_min.
    public let ratio: Double

    /// The allowed values of β; for larger ones a class of CIFAR-10 would have no images.
    static let ratios = 1.0...5000

    /// A shape; β outside 1...5000 is a programming error.
    public init(kind: Kind, ratio: Double) {
      precondition(Self.ratios.contains(ratio), "the imbalance ratio lies in 1...5000, got \(ratio)")
      self.kind = kind
      self.ratio = ratio
    }

    /// Parses the text; nil if it has another form.
    public init?(_ text: String) {
      guard let kind = [Kind.longTailed, .step].first(where: { text.hasPrefix($0.rawValue) }) else {
        return nil
      }
      let digits = text.dropFirst(kind.rawValue.count)
      guard digits.allSatisfy({ $0.isASCII && $0.isNumber || $0 == "." }), let ratio = Double(digits),
        Self.ratios.contains(ratio), ratio == ratio.rounded() || digits.contains(".")
      else { return nil }
      (self.kind, self.ratio) = (kind, ratio)
      guard description == text else { return nil }
    }

    /// The text.
    public var description: String {
      kind.rawValue + (ratio == ratio.rounded() ? String(Int(ratio)) : String(ratio))
    }
  }

  /// The shape.
  public let kind: Kind
  /// β = n_max / n_min.
  public let ratio: Double
  /// The number of images kept of each class, in label order.
  public let counts: [Int]
  /// Classes whose m · f^(c/(C−1)) was within 1e-9 of an integer without being one, and for which that integer was
  /// used. Truncation of such a value would make the count depend on the last bit of a power.
  public let snapped: [Int]

  /// The profile over `classes` classes of `perClass` images each (5,000 for CIFAR-10, 500 for CIFAR-100).
  ///
  /// For β in {10, 50, 100, 200} and both data sets the long-tailed counts are those of the published table. Otherwise
  /// the power is computed in Double by the package's own exp and log, and a value within 1e-9 of an integer is
  /// replaced by that integer.
  public init(kind: Kind, ratio: Double, classes: Int, perClass: Int) {
    self.init(kind: kind, ratio: ratio, classes: classes, perClass: perClass, usesTable: true)
  }

  /// The profile, with or without the published table.
  init(kind: Kind, ratio: Double, classes: Int, perClass: Int, usesTable: Bool) {
    precondition(ratio >= 1 && ratio.isFinite, "the imbalance ratio is n_max / n_min ≥ 1, got \(ratio)")
    precondition(classes >= 2 && perClass >= 1, "\(classes) classes of \(perClass) images")
    self.kind = kind
    self.ratio = ratio
    if usesTable, kind == .longTailed,
      let published = PublishedCounts.longTailed(classes: classes, perClass: perClass, ratio: ratio)
    {
      counts = published
      snapped = []
      return
    }
    var counts: [Int] = []
    var snapped: [Int] = []
    for label in 0..<classes {
      let share: Double
      switch kind {
      case .longTailed: share = ek_exp(-ek_log(ratio) * (Double(label) / Double(classes - 1)))
      case .step: share = label < classes / 2 ? 1 : 1 / ratio
      }
      let count = Double(perClass) * share
      let whole = count.rounded()
      if count != whole, abs(count - whole) <= 1e-9 { snapped.append(label) }
      counts.append(Int(abs(count - whole) <= 1e-9 ? whole : count))
    }
    self.counts = counts
    self.snapped = snapped
  }

  /// The number of images kept in all.
  public var total: Int { counts.reduce(0, +) }
}
