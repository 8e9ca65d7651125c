/// The choices in which published descriptions and codes of SAM differ.
public struct SAMVariant: Hashable, Sendable {
  /// How far along the gradient the ascent goes.
  public enum Ascent: String, Hashable, Sendable, CaseIterable {
    /// ε = ρ·g / (‖g‖ + 10⁻¹²): every published code, and Algorithm 1 of the NeurIPS 2022 supplement.
    case normalized
    /// ε = ρ·g: equation 3 of that supplement, which its Theorem 1 is about.
    case unnormalized
    /// ε = ρ·w²g / (‖|w|g‖ + 10⁻¹²), entry by entry: ASAM (Kwon et al., ICML 2021) as github.com/davda54/sam has
    /// it under `adaptive`, without the constant that the paper adds to |w|. Invariant to a rescaling of the
    /// parameters that leaves the loss as it is; no published run of the papers verified here uses it.
    case adaptive
  }

  /// The length of the ascent.
  public var ascent: Ascent
  /// What the second pass, at w + ε, does to batch norm's running statistics.
  public var secondPassStatistics: StatisticsUpdate

  /// A combination of choices.
  public init(ascent: Ascent, secondPassStatistics: StatisticsUpdate) {
    self.ascent = ascent
    self.secondPassStatistics = secondPassStatistics
  }

  /// What github.com/val-iisc/Saddle-LongTail runs: both passes enter the running statistics.
  public static let released = SAMVariant(ascent: .normalized, secondPassStatistics: .observe)
  /// What the reference implementation github.com/davda54/sam recommends: the second pass leaves
  /// the running statistics alone.
  public static let recommended = SAMVariant(ascent: .normalized, secondPassStatistics: .freeze)
}
