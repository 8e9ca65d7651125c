/// The choices in which published descriptions and code of SAM differ.
public struct SAMVariant: Hashable, Sendable {
  /// The scale of the ascent along the gradient.
  public enum Ascent: String, Hashable, Sendable, CaseIterable {
    /// ε = ρ·g / (‖g‖ + 10⁻¹²): all published code, and Algorithm 1 of the NeurIPS 2022 supplement.
    case normalized
    /// ε = ρ·g: equation 3 of that supplement, to which its Theorem 1 applies.
    case unnormalized
    /// ε = ρ·w²g / (‖|w|g‖ + 10⁻¹²), entry by entry: ASAM (Kwon et al., ICML 2021), as in github.com/davda54/sam under
    /// `adaptive`, without the constant that the paper adds to |w|. It is invariant to a rescaling of the parameters
    /// that does not change the loss; no published run of the papers verified here uses it.
    case adaptive
  }

  /// The kind of ascent.
  public var ascent: Ascent
  /// Whether the second pass, at w + ε, updates batch norm's running statistics.
  public var secondPassStatistics: StatisticsUpdate

  /// A combination of choices.
  public init(ascent: Ascent, secondPassStatistics: StatisticsUpdate) {
    self.ascent = ascent
    self.secondPassStatistics = secondPassStatistics
  }

  /// The behavior of github.com/val-iisc/Saddle-LongTail: both passes update the running statistics.
  public static let released = SAMVariant(ascent: .normalized, secondPassStatistics: .observe)
  /// The recommendation of the reference implementation github.com/davda54/sam: the second pass does not update the
  /// running statistics.
  public static let recommended = SAMVariant(ascent: .normalized, secondPassStatistics: .freeze)
}
