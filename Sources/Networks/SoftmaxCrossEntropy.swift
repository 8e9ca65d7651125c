import Calculus
import Kernels

/// Weighted softmax cross-entropy: L = Σᵢ w_{yᵢ} ℓᵢ / Σᵢ w_{yᵢ} with ℓᵢ = −log softmax(zᵢ)_{yᵢ}.
///
/// The weighted mean is normalised by the batch's sum of weights, not by its size, as PyTorch's
/// weighted cross-entropy does and the released code relies on.
public struct SoftmaxCrossEntropy: Hashable, Sendable {
  /// One weight per class, or nil for the plain mean.
  public let classWeights: [Double]?

  /// A loss with the given class weights (finite and not negative), or the plain mean.
  public init(classWeights: [Double]? = nil) {
    precondition(
      classWeights?.allSatisfy { $0 >= 0 && $0.isFinite } ?? true,
      "class weights must be finite and not negative, got \(classWeights ?? [])")
    self.classWeights = classWeights
  }

  /// The weight of a sample of class `label`.
  public func weight(of label: Int) -> Double { classWeights?[label] ?? 1 }

  /// Σ w_{yᵢ}, in index order, in Double.
  public func totalWeight(of labels: [Int]) -> Double { labels.reduce(0) { $0 + weight(of: $1) } }

  /// The sum of w_{yᵢ} ℓᵢ and the logits' gradient of that sum divided by `totalWeight`.
  ///
  /// ℓ = log Σ exp(z − m) − (z_y − m) with m the row's largest logit, a constant: softmax does not change
  /// with it. The sum runs over samples in index order in Double.
  /// It continues from `start`, so that parts of a data set sum as the whole.
  func evaluate<T: TensorAlgebra>(
    logits: T, labels: [Int], totalWeight: Double, startingAt start: Double = 0
  ) -> (sum: Double, gradient: T) {
    let shifted = logits.subtractingRows(T(constant: logits.value.rowMaxima()))
    let exponentials = shifted.map(.exp)
    let sums = exponentials.rowSums()
    let losses = sums.value.map(.log) - shifted.value.gathered(columns: labels)
    var sum = start
    losses.withPointer { for (i, label) in labels.enumerated() { sum += weight(of: label) * Double($0[i]) } }
    let probabilities = exponentials.multiplyingRows(sums.map(.reciprocal))
    let ones = Tensor<T.Element>(repeating: 1, shape: [labels.count])
    let targets = ones.scattered(columns: labels, width: logits.shape.columns)
    let shares = Tensor(labels.map { T.Element(rounding: weight(of: $0) / totalWeight) })
    let gradient = (probabilities - T(constant: targets)).multiplyingRows(T(constant: shares))
    return (sum, gradient)
  }
}
