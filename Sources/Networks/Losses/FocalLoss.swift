import EscapementCalculus
import EscapementKernels

/// The focal loss (Lin et al. 2017) as in the released code: L = (1/n) Σᵢ k·(1 − pᵢ)^γ·uᵢ with uᵢ = w_{yᵢ}·ℓᵢ, ℓᵢ the
/// cross-entropy and pᵢ = e^{−uᵢ}.
///
/// The class weight is inside p, so p is the true class's probability only if the weight is 1. The mean is over
/// samples, not over weights.
public struct FocalLoss: LogitLoss, Hashable {
  /// One weight per class, or nil for ones.
  public let classWeights: [Double]?
  /// γ: 0, or at least 1 (for values between 0 and 1 the gradient has no limit at p = 1).
  public let gamma: Double
  /// k, by default 1; the code of Influence-Balanced loss uses 10.
  public let factor: Double

  /// A loss; the default γ = 1 is that of the released code.
  public init(classWeights: [Double]? = nil, gamma: Double = 1, factor: Double = 1) {
    precondition(
      classWeights?.allSatisfy { $0 >= 0 && $0.isFinite } ?? true,
      "class weights must be finite and not negative, got \(classWeights ?? [])")
    precondition(gamma == 0 || (gamma >= 1 && gamma.isFinite), "γ is 0 or at least 1, got \(gamma)")
    precondition(factor > 0 && factor.isFinite, "the factor must be positive, got \(factor)")
    self.classWeights = classWeights
    self.gamma = gamma
    self.factor = factor
  }

  /// 1: the mean is over samples.
  public func weight(of label: Int) -> Double { 1 }

  public func evaluate<T: TensorAlgebra>(
    logits: T, labels: [Int], totalWeight: Double, startingAt start: Double
  ) -> (sum: Double, gradient: T) {
    let softmax = RowSoftmax(logits, labels: labels)
    let weights = T(constant: Tensor(labels.map { T.Element(rounding: classWeights?[$0] ?? 1) }))
    let u = softmax.losses * weights
    let p = u.scaled(by: -1).map(.exp)
    let rest = p.scaled(by: -1).adding(1)
    // (1 − p)^γ and its derivative along u, γ·(1 − p)^{γ−1}·p; powers are computed with the package's own exp and log.
    let power: T
    let slope: T
    switch gamma {
    case 0:
      power = rest.scaled(by: 0).adding(1)
      slope = rest.scaled(by: 0)
    case 1:
      power = rest
      slope = p
    default:
      let lower = rest.map(.log).scaled(by: gamma - 1).map(.exp)
      power = lower * rest
      slope = (lower * p).scaled(by: gamma)
    }
    var sum = start
    (power.value * u.value).withPointer { for i in labels.indices { sum += factor * Double($0[i]) } }
    let shares = (power + slope * u) * weights.scaled(by: factor / totalWeight)
    return (sum, softmax.gradient.multiplyingRows(shares))
  }
}
