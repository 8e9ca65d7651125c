import EscapementCalculus
import EscapementKernels

/// Weighted softmax cross-entropy: L = Σᵢ w_{yᵢ} ℓᵢ / Σᵢ w_{yᵢ} with ℓᵢ = −log softmax(zᵢ)_{yᵢ}.
///
/// The weighted mean is divided by the batch's sum of weights, not by its size, as in PyTorch's weighted cross-entropy,
/// on which the released code relies; `.samples` divides by the size instead. With adjusted logits this is also LDAM,
/// VS, logit adjustment and the class-dependent temperature (see `AdjustedLogits`).
public struct SoftmaxCrossEntropy: LogitLoss, Hashable {
  /// The divisor of Σᵢ w_{yᵢ} ℓᵢ.
  public enum Divisor: String, Hashable, Sendable, CaseIterable {
    /// Σᵢ w_{yᵢ}, as in the released code.
    case weights
    /// n: Algorithm 1 of the NeurIPS 2022 supplement, with its weights 1/n_y.
    case samples
  }

  /// One weight per class, or nil for the plain mean.
  public let classWeights: [Double]?
  /// The adjustment of the logits before the softmax; nil for none.
  public let adjustment: AdjustedLogits?
  /// The divisor of the sum.
  public let divisor: Divisor

  /// A loss with the given class weights (finite and not negative), or the plain mean if they are nil; of raw or
  /// adjusted logits.
  public init(
    classWeights: [Double]? = nil, adjustment: AdjustedLogits? = nil, divisor: Divisor = .weights
  ) {
    precondition(
      classWeights?.allSatisfy { $0 >= 0 && $0.isFinite } ?? true,
      "class weights must be finite and not negative, got \(classWeights ?? [])")
    self.classWeights = classWeights
    self.adjustment = adjustment
    self.divisor = divisor
  }

  /// The contribution of a sample of class `label` to the divisor.
  public func weight(of label: Int) -> Double { divisor == .samples ? 1 : lossWeight(of: label) }

  private func lossWeight(of label: Int) -> Double { classWeights?[label] ?? 1 }

  /// The sum of w_{yᵢ} ℓᵢ, and the gradient of that sum divided by `totalWeight` with respect to the logits.
  public func evaluate<T: TensorAlgebra>(
    logits: T, labels: [Int], totalWeight: Double, startingAt start: Double = 0
  ) -> (sum: Double, gradient: T) {
    let softmax = RowSoftmax(adjustment?.applied(to: logits, labels: labels) ?? logits, labels: labels)
    var sum = start
    softmax.lossValues.withPointer {
      for (i, label) in labels.enumerated() { sum += lossWeight(of: label) * Double($0[i]) }
    }
    let shares = Tensor(labels.map { T.Element(rounding: lossWeight(of: $0) / totalWeight) })
    let gradient = softmax.gradient.multiplyingRows(T(constant: shares))
    return (sum, adjustment?.pulledBack(gradient) ?? gradient)
  }
}
