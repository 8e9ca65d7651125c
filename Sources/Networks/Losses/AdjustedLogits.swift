import Calculus
import Kernels
import LongTail

/// Logits shifted and scaled by class before the softmax: z'_c = (z_c − m_y·[c = y]) · a_c + ι_c.
///
/// One formula for the losses that correct for class frequencies in the logits: margins m make LDAM, factors a = 1/D and
/// offsets ι make VS, offsets alone logit adjustment, factors alone the class-dependent temperature. Evaluation uses the raw
/// logits z, as every released code does. Each operation is rounded by itself, in this order.
public struct AdjustedLogits: Hashable, Sendable {
  /// m_y, subtracted from the true class's logit; nil: none.
  public let margins: [Double]?
  /// a_c, one a class; nil: ones.
  public let factors: [Double]?
  /// ι_c, one a class; nil: zeros.
  public let offsets: [Double]?

  /// Sets the constants; all finite, one a class in each list that is given.
  public init(margins: [Double]? = nil, factors: [Double]? = nil, offsets: [Double]? = nil) {
    for list in [margins, factors, offsets] {
      precondition(list?.allSatisfy(\.isFinite) ?? true, "constants must be finite, got \(list ?? [])")
    }
    precondition(
      Set([margins, factors, offsets].compactMap { $0?.count }).count <= 1,
      "lists for different numbers of classes")
    self.margins = margins
    self.factors = factors
    self.offsets = offsets
  }

  /// LDAM (Cao et al. 2019) on cosine logits: margins `LogitAdjustment.margins`, every logit times `scale`.
  ///
  /// m_max = 0.5 and s = 30 are the released values on CIFAR (m_max = 0.3 on the large sets).
  public static func ldam(counts: [Int], maximum: Double = 0.5, scale: Double = 30) -> AdjustedLogits {
    AdjustedLogits(
      margins: LogitAdjustment.margins(counts: counts, maximum: maximum),
      factors: [Double](repeating: scale, count: counts.count))
  }

  /// LDAM as the SSE-SAM code has it, on a plain linear classifier: the margin times `scale`, the logits as they are.
  public static func ldamOfSSESAM(counts: [Int], maximum: Double = 0.5, scale: Double = 30) -> AdjustedLogits
  {
    AdjustedLogits(margins: LogitAdjustment.margins(counts: counts, maximum: maximum).map { scale * $0 })
  }

  /// VS (Kini et al. 2021): z_c / D_c + ι_c with `LogitAdjustment.divisors` and `.offsets`.
  ///
  /// γ = 0.05 and τ = 0.75 on every CIFAR setting of the NeurIPS 2022 supplement. The quotient is a product with 1/D_c,
  /// rounded once. γ = 0 leaves the factors away, τ = 0 the offsets.
  public static func vs(counts: [Int], gamma: Double = 0.05, tau: Double = 0.75) -> AdjustedLogits {
    AdjustedLogits(
      factors: gamma == 0 ? nil : LogitAdjustment.divisors(counts: counts, gamma: gamma).map { 1 / $0 },
      offsets: tau == 0 ? nil : LogitAdjustment.offsets(counts: counts, tau: tau))
  }

  /// Logit adjustment (Menon et al. 2021): VS with γ = 0.
  public static func logitAdjustment(counts: [Int], tau: Double = 0.75) -> AdjustedLogits {
    vs(counts: counts, gamma: 0, tau: tau)
  }

  /// The class-dependent temperature (Ye et al. 2020): VS with τ = 0.
  public static func classDependentTemperature(counts: [Int], gamma: Double = 0.05) -> AdjustedLogits {
    vs(counts: counts, gamma: gamma, tau: 0)
  }

  /// z' of logits z `[n][classes]`.
  func applied<T: TensorAlgebra>(to logits: T, labels: [Int]) -> T {
    var adjusted = logits
    if let margins {
      let own = Tensor(labels.map { T.Element(rounding: margins[$0]) })
      adjusted = adjusted - T(constant: own.scattered(columns: labels, width: logits.shape.columns))
    }
    if let factors { adjusted = adjusted.multiplyingChannels(Self.constant(factors)) }
    if let offsets { adjusted = adjusted.addingChannels(Self.constant(offsets)) }
    return adjusted
  }

  /// The gradient in z of what has the gradient `gradient` in z'.
  func pulledBack<T: TensorAlgebra>(_ gradient: T) -> T {
    guard let factors else { return gradient }
    return gradient.multiplyingChannels(Self.constant(factors))
  }

  private static func constant<T: TensorAlgebra>(_ values: [Double]) -> T {
    T(constant: Tensor(values.map { T.Element(rounding: $0) }))
  }
}
