import EscapementCalculus
import EscapementKernels
import EscapementLongTail

/// The parametric contrastive loss (Cui et al., ICCV 2021): softmax over class centers and samples at once, as computed
/// by `losses.py` of github.com/dvlab-research/Parametric-Contrastive-Learning.
///
/// A query i has a unit feature qᵢ and logits zᵢ, one per class center. Its terms are
///
///     z'_c = (z_c + log(π_c + 10⁻⁹)) / t_c              for each class c
///     s_j  = ⟨qᵢ, f_j⟩ / t                              for each other query j and each contrast j
///
/// with π_c the class's share of the training set. With m the largest term (the query's product with itself
/// included, a constant), the denominator is D = Σ_c e^{z'_c − m} + γ·Σ_j e^{s_j − m} + 10⁻¹². The weights are β for
/// the true center and α for each sample of the query's class; with W their sum,
///
///     ℓᵢ = −Σ w·(term − m − log D) / W,    L = (1/B) Σᵢ ℓᵢ.
///
/// Contrasts are constants: the batch's second view under the key encoder, then the queue (`KeyQueue`). The queries
/// appear on both sides of the products, and their gradient flows through both.
public struct PaCoLoss: Hashable, Sendable {
  /// Added to π_c before the logarithm, as in the released code.
  public static let shareConstant = 1e-9
  /// Added to the denominator, as in the released code. It matters only if all terms other than a query's product with
  /// itself (1/t = 20 for unit features) are about 28 below that product.
  public static let denominatorConstant = 1e-12

  /// log(π_c + 10⁻⁹), one per class.
  public let offsets: [Double]
  /// α ≥ 0, the weight of a sample of the query's class.
  public let alpha: Double
  /// β > 0, the weight of the true class's center.
  public let beta: Double
  /// γ ≥ 0, the factor of the samples in the denominator.
  public let gamma: Double
  /// t_c > 0.
  public let centerTemperature: Double
  /// t > 0.
  public let temperature: Double

  /// A loss for classes with these counts, which must be positive. The defaults are α = 0.01 and t = 0.05, from the
  /// released command for CIFAR-100 LT, and β, γ and t_c of 1.
  public init(
    counts: [Int], alpha: Double = 0.01, beta: Double = 1, gamma: Double = 1, centerTemperature: Double = 1,
    temperature: Double = 0.05
  ) {
    precondition(alpha >= 0 && alpha.isFinite, "α must be finite and not negative, got \(alpha)")
    precondition(beta > 0 && beta.isFinite, "β must be positive, got \(beta)")
    precondition(gamma >= 0 && gamma.isFinite, "γ must be finite and not negative, got \(gamma)")
    precondition(
      centerTemperature > 0 && temperature > 0,
      "temperatures must be positive, got \(centerTemperature) and \(temperature)")
    offsets = LogitAdjustment.offsets(counts: counts, tau: 1, constant: Self.shareConstant)
    self.alpha = alpha
    self.beta = beta
    self.gamma = gamma
    self.centerTemperature = centerTemperature
    self.temperature = temperature
  }

  /// L and its gradients with respect to the queries' features and logits.
  ///
  /// - Parameters:
  ///   - features: `[B][d]`, rows of unit length (which is not checked).
  ///   - logits: `[B][classes]`.
  ///   - contrasts: `[n][d]`, rows of unit length, with n labels.
  public func evaluate<T: TensorAlgebra>(
    features: T, logits: T, labels: [Int], contrasts: Tensor<T.Element>, contrastLabels: [Int]
  ) -> (loss: Double, features: T, logits: T) {
    let count = labels.count
    precondition(
      features.shape.rows == count && logits.shape == [count, offsets.count],
      "features \(features.shape) and logits \(logits.shape) of \(count) queries, \(offsets.count) classes")
    precondition(
      contrasts.shape == [contrastLabels.count, features.shape.columns],
      "contrasts \(contrasts.shape) with \(contrastLabels.count) labels for features \(features.shape)")
    let weights = PositiveWeights<T.Element>(self, labels, contrastLabels)

    let shifts = T(constant: Tensor(offsets.map { T.Element(rounding: $0) }))
    let centers = logits.addingChannels(shifts).divided(by: centerTemperature)
    let within = product(features, features.transposed()).divided(by: temperature)
    let beyond = product(features, T(constant: contrasts.transposed())).divided(by: temperature)
    let largest = T(constant: Self.rowMaxima(centers.value, within.value, beyond.value))

    // Terms minus m, and their shares of D before the division: γ and the exclusion of the query itself are factors.
    let (a, b, c) = (
      centers.subtractingRows(largest), within.subtractingRows(largest), beyond.subtractingRows(largest)
    )
    let ea = a.map(.exp)
    let eb = b.map(.exp) * T(constant: weights.others.scaled(by: gamma))
    let ec = c.map(.exp).scaled(by: gamma)
    let sums = (ea.rowSums() + eb.rowSums() + ec.rowSums()).adding(Self.denominatorConstant)
    let (wa, wb, wc) = (
      T(constant: weights.centers), T(constant: weights.within), T(constant: weights.beyond)
    )
    let positives = (a * wa).rowSums() + (b * wb).rowSums() + (c * wc).rowSums()
    var loss = 0.0
    (sums.value.map(.log) - positives.value).withPointer { for i in 0..<count { loss += Double($0[i]) } }

    // ∂ℓᵢ/∂term is the term's share of D minus its share of W.
    let inverse = sums.map(.reciprocal)
    let mean = Double(count)
    func gradient(_ e: T, _ w: T) -> T { (e.multiplyingRows(inverse) - w).divided(by: mean) }
    let inner = gradient(eb, wb).divided(by: temperature)
    let outer = gradient(ec, wc).divided(by: temperature)
    return (
      loss / mean,
      product(inner, features) + product(inner.transposed(), features)
        + product(outer, T(constant: contrasts)),
      gradient(ea, wa).divided(by: centerTemperature)
    )
  }

  /// The same loss for projections that are not of unit length, with the gradient with respect to these.
  ///
  /// A projection p is normalized to p/max(‖p‖, 10⁻¹²), as by PyTorch's `normalize` in the released code.
  public func evaluate<T: TensorAlgebra>(
    projections: T, logits: T, labels: [Int], contrasts: Tensor<T.Element>, contrastLabels: [Int]
  ) -> (loss: Double, projections: T, logits: T) {
    let unit = UnitVectors(projections, .rows)
    let result = evaluate(
      features: unit.value, logits: logits, labels: labels, contrasts: contrasts,
      contrastLabels: contrastLabels)
    return (result.loss, unit.pulledBack(result.features), result.logits)
  }

  /// a·b, computed as a convolution over one pixel.
  private func product<T: TensorAlgebra>(_ a: T, _ b: T) -> T {
    let (rows, inner, columns) = (a.shape.rows, a.shape.columns, b.shape.columns)
    return a.reshaped([rows, 1, 1, inner])
      .convolved(with: b.reshaped([1, 1, inner, columns]), ConvolutionGeometry())
      .reshaped([rows, columns])
  }

  private static func rowMaxima<Element: Real>(_ blocks: Tensor<Element>...) -> Tensor<Element> {
    let maxima = blocks.map { $0.rowMaxima().elements }
    return Tensor(maxima[0].indices.map { row in maxima.map { $0[row] }.max() ?? 0 })
  }
}

/// The weights of PaCo's positives, divided by their sum in each row.
private struct PositiveWeights<Element: Real> {
  /// `[B][classes]`.
  let centers: Tensor<Element>
  /// `[B][B]`, the queries themselves.
  let within: Tensor<Element>
  /// `[B][n]`.
  let beyond: Tensor<Element>
  /// `[B][B]`: 0 on the diagonal, 1 elsewhere.
  let others: Tensor<Element>

  init(_ loss: PaCoLoss, _ labels: [Int], _ contrastLabels: [Int]) {
    func oneHot(_ labels: [Int], width: Int) -> Tensor<Element> {
      Tensor(repeating: 1, shape: [labels.count]).scattered(columns: labels, width: width)
    }
    let classes = loss.offsets.count
    let own = oneHot(labels, width: classes)
    others = oneHot(Array(labels.indices), width: labels.count).scaled(by: -1).adding(1)
    // Products of one-hot rows are 1 for equal labels and 0 for others, exactly.
    let same = own.matmul(own, transposeOther: true) * others
    let alike = own.matmul(oneHot(contrastLabels, width: classes), transposeOther: true)
    let weights = (
      own.scaled(by: loss.beta), same.scaled(by: loss.alpha), alike.scaled(by: loss.alpha)
    )
    let shares = (weights.0.rowSums() + weights.1.rowSums() + weights.2.rowSums()).map(.reciprocal)
    centers = weights.0.multiplyingRows(shares)
    within = weights.1.multiplyingRows(shares)
    beyond = weights.2.multiplyingRows(shares)
  }
}
