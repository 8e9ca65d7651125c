import EscapementCalculus
import EscapementKernels
import EscapementLongTail

/// Logits shifted and scaled by class before the softmax: z'_c = (z_c − m_y·[c = y]) · a_c + ι_c.
///
/// One formula for the losses that correct for class frequencies in the logits: margins m give LDAM (LDAM.swift),
/// factors a = 1/D and offsets ι give VS, offsets alone logit adjustment, factors alone the class-dependent temperature
/// (VS.swift). Evaluation uses the raw logits z, as all released code does. Each operation is rounded separately, in
/// this order.
public struct AdjustedLogits: Hashable, Sendable {
  /// m_y, subtracted from the true class's logit; nil for no margins.
  public let margins: [Double]?
  /// a_c, one per class; nil for ones.
  public let factors: [Double]?
  /// ι_c, one per class; nil for zeros.
  public let offsets: [Double]?

  /// Sets the constants; all must be finite, with one per class in each list that is given.
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

  /// z' for logits z `[n][classes]`.
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

  /// The gradient with respect to z, given the gradient with respect to z'.
  func pulledBack<T: TensorAlgebra>(_ gradient: T) -> T {
    guard let factors else { return gradient }
    return gradient.multiplyingChannels(Self.constant(factors))
  }

  private static func constant<T: TensorAlgebra>(_ values: [Double]) -> T {
    T(constant: Tensor(values.map { T.Element(rounding: $0) }))
  }
}
