import EscapementCalculus
import EscapementKernels

/// What a network says about a batch: the logits, and what its last layer computed them from.
public struct ClassifierOutput<T: TensorAlgebra>: Sendable {
  /// `[n][features]`: the pooled features of a ResNet, the last hidden layer of a perceptron.
  public var features: T
  /// `[n][classes]`.
  public var logits: T

  /// Pairs features with logits.
  public init(features: T, logits: T) {
    self.features = features
    self.logits = logits
  }
}

/// The gradient of a loss in a network's output.
public struct ClassifierGradient<T: TensorAlgebra>: Sendable {
  /// In the features directly, besides what reaches them through the logits; nil: zero.
  public var features: T?
  /// In the logits.
  public var logits: T

  /// Pairs the gradients.
  public init(features: T? = nil, logits: T) {
    self.features = features
    self.logits = logits
  }
}

/// A loss of a network's output and labels: L = Σᵢ lᵢ / Σᵢ w_{yᵢ}, with what each sample adds to either sum.
public protocol ClassificationLoss: Sendable {
  /// What a sample of class `label` adds to the denominator.
  func weight(of label: Int) -> Double

  /// Σ lᵢ over the samples in index order in Double, continued from `start`, and the output's gradient of
  /// Σ lᵢ / `totalWeight`.
  ///
  /// Parts of a data set sum as the whole when each continues where the one before ended. Written over
  /// `TensorAlgebra`: what depends on the output must go through its operations, so that the gradient can be
  /// differentiated again.
  func evaluate<T: TensorAlgebra>(
    _ output: ClassifierOutput<T>, labels: [Int], totalWeight: Double, startingAt start: Double
  ) -> (sum: Double, gradient: ClassifierGradient<T>)
}

extension ClassificationLoss {
  /// Σ w_{yᵢ}, in index order, in Double.
  public func totalWeight(of labels: [Int]) -> Double { labels.reduce(0) { $0 + weight(of: $1) } }
}

/// A loss of logits and labels alone.
public protocol LogitLoss: ClassificationLoss {
  /// See `ClassificationLoss.evaluate`; the gradient is that in the logits.
  func evaluate<T: TensorAlgebra>(
    logits: T, labels: [Int], totalWeight: Double, startingAt start: Double
  ) -> (sum: Double, gradient: T)
}

extension LogitLoss {
  public func evaluate<T: TensorAlgebra>(
    _ output: ClassifierOutput<T>, labels: [Int], totalWeight: Double, startingAt start: Double
  ) -> (sum: Double, gradient: ClassifierGradient<T>) {
    let (sum, gradient) = evaluate(
      logits: output.logits, labels: labels, totalWeight: totalWeight, startingAt: start)
    return (sum, ClassifierGradient(logits: gradient))
  }
}
