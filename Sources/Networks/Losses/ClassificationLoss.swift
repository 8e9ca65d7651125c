import Calculus
import Kernels

/// A loss of logits and labels: L = Σᵢ lᵢ / Σᵢ w_{yᵢ}, with what each sample adds to either sum.
public protocol ClassificationLoss: Sendable {
  /// What a sample of class `label` adds to the denominator.
  func weight(of label: Int) -> Double

  /// Σ lᵢ over the samples in index order in Double, continued from `start`, and the logits' gradient of Σ lᵢ / `totalWeight`.
  ///
  /// Parts of a data set sum as the whole when each continues where the one before ended. Written over `TensorAlgebra`: what
  /// depends on logits must go through its operations, so that the gradient can be differentiated again.
  func evaluate<T: TensorAlgebra>(
    logits: T, labels: [Int], totalWeight: Double, startingAt start: Double
  ) -> (sum: Double, gradient: T)
}

extension ClassificationLoss {
  /// Σ w_{yᵢ}, in index order, in Double.
  public func totalWeight(of labels: [Int]) -> Double { labels.reduce(0) { $0 + weight(of: $1) } }
}
