import EscapementCalculus
import EscapementKernels

/// The influence-balanced loss (Park et al., ICCV 2021), L = (1/n) Σᵢ w_{yᵢ} ℓᵢ qᵢ: each sample's cross-entropy ℓᵢ is
/// divided by the sample's influence on the decision boundary.
///
/// With p = softmax(z), e_y the one-hot label and h the features before the classifier:
///
///     qᵢ = α / (‖pᵢ − e_{yᵢ}‖₁ · ‖hᵢ‖₁ + 10⁻³)
///
/// qᵢ is not constant: the gradient flows through it into logits and features, as in the released code
/// (github.com/pseulki/IB-Loss). The mean is over samples, not over weights. The derivative of |x| at 0 is taken as 0.
public struct InfluenceBalancedLoss: ClassificationLoss, Hashable {
  /// One weight per class, or nil for ones.
  public let classWeights: [Double]?
  /// α.
  public let alpha: Double

  /// Added to the influence, as in the released code.
  public static let influenceConstant = 1e-3

  /// A loss; the default α = 1000 is that of the released training script, which uses it with
  /// `ClassWeights.inverseFrequency(counts:)`.
  public init(classWeights: [Double]? = nil, alpha: Double = 1000) {
    precondition(
      classWeights?.allSatisfy { $0 >= 0 && $0.isFinite } ?? true,
      "class weights must be finite and not negative, got \(classWeights ?? [])")
    precondition(alpha > 0 && alpha.isFinite, "α must be positive, got \(alpha)")
    self.classWeights = classWeights
    self.alpha = alpha
  }

  /// 1: the mean is over samples.
  public func weight(of label: Int) -> Double { 1 }

  public func evaluate<T: TensorAlgebra>(
    _ output: ClassifierOutput<T>, labels: [Int], totalWeight: Double, startingAt start: Double
  ) -> (sum: Double, gradient: ClassifierGradient<T>) {
    let softmax = RowSoftmax(output.logits, labels: labels)
    let error = softmax.gradient
    let errorNorm = error.map(.absolute).rowSums()
    let featureNorm = output.features.map(.absolute).rowSums()
    let inverse = (errorNorm * featureNorm).adding(Self.influenceConstant).map(.reciprocal)
    let q = inverse.scaled(by: alpha)
    let losses = softmax.losses

    let weights = labels.map { classWeights?[$0] ?? 1 }
    var sum = start
    (losses.value * q.value).withPointer { for i in labels.indices { sum += weights[i] * Double($0[i]) } }
    let shares = T(constant: Tensor(weights.map { T.Element(rounding: $0 / totalWeight) }))

    // ∂(ℓq) = q·∂ℓ − ℓ·q/u·(‖h‖₁·∂‖p − e‖₁ + ‖p − e‖₁·∂‖h‖₁), with u the denominator of q.
    let influence = losses * q * inverse * shares
    let signs = Self.signs(of: error)
    let probabilities = softmax.probabilities
    // ∂‖p − e‖₁/∂z_k = p_k (s_k − Σ_c s_c p_c).
    let errorGradient = probabilities * signs.subtractingRows((signs * probabilities).rowSums())
    let logits =
      error.multiplyingRows(q * shares) - errorGradient.multiplyingRows(influence * featureNorm)
    let features = Self.signs(of: output.features).multiplyingRows((influence * errorNorm).map(.negate))
    return (sum, ClassifierGradient(features: features, logits: logits))
  }

  /// −1, 0 or 1 for each entry, constant under differentiation.
  private static func signs<T: TensorAlgebra>(of x: T) -> T {
    x.map(.heaviside) - x.map(.negate).map(.heaviside)
  }
}
