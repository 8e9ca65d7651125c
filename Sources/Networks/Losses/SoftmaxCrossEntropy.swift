import Calculus
import Kernels

/// Weighted softmax cross-entropy: L = Σᵢ w_{yᵢ} ℓᵢ / Σᵢ w_{yᵢ} with ℓᵢ = −log softmax(zᵢ)_{yᵢ}.
///
/// The weighted mean is normalised by the batch's sum of weights, not by its size, as PyTorch's
/// weighted cross-entropy does and the released code relies on. With adjusted logits it is also LDAM, VS, logit adjustment and
/// the class-dependent temperature (see `AdjustedLogits`).
public struct SoftmaxCrossEntropy: ClassificationLoss, Hashable {
  /// One weight per class, or nil for the plain mean.
  public let classWeights: [Double]?
  /// What happens to the logits first; nil: nothing.
  public let adjustment: AdjustedLogits?

  /// A loss with the given class weights (finite and not negative), or the plain mean; of logits as they are, or adjusted.
  public init(classWeights: [Double]? = nil, adjustment: AdjustedLogits? = nil) {
    precondition(
      classWeights?.allSatisfy { $0 >= 0 && $0.isFinite } ?? true,
      "class weights must be finite and not negative, got \(classWeights ?? [])")
    self.classWeights = classWeights
    self.adjustment = adjustment
  }

  /// The weight of a sample of class `label`.
  public func weight(of label: Int) -> Double { classWeights?[label] ?? 1 }

  /// The sum of w_{yᵢ} ℓᵢ and the logits' gradient of that sum divided by `totalWeight`.
  public func evaluate<T: TensorAlgebra>(
    logits: T, labels: [Int], totalWeight: Double, startingAt start: Double = 0
  ) -> (sum: Double, gradient: T) {
    let softmax = RowSoftmax(adjustment?.applied(to: logits, labels: labels) ?? logits, labels: labels)
    var sum = start
    softmax.lossValues.withPointer {
      for (i, label) in labels.enumerated() { sum += weight(of: label) * Double($0[i]) }
    }
    let shares = Tensor(labels.map { T.Element(rounding: weight(of: $0) / totalWeight) })
    let gradient = softmax.gradient.multiplyingRows(T(constant: shares))
    return (sum, adjustment?.pulledBack(gradient) ?? gradient)
  }
}
