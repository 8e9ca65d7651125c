import EscapementCalculus
import EscapementKernels

/// A network's output for a batch: the logits, and the features from which its last layer computed them.
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

/// The gradient of a loss with respect to a network's output.
public struct ClassifierGradient<T: TensorAlgebra>: Sendable {
  /// With respect to the features directly, without the part that reaches them through the logits; nil means zero.
  public var features: T?
  /// With respect to the logits.
  public var logits: T

  /// Pairs the gradients.
  public init(features: T? = nil, logits: T) {
    self.features = features
    self.logits = logits
  }
}

/// A loss of a network's output and labels, L = Σᵢ lᵢ / Σᵢ w_{yᵢ}, defined by each sample's contribution to either sum.
public protocol ClassificationLoss: Sendable {
  /// The contribution of a sample of class `label` to the denominator.
  func weight(of label: Int) -> Double

  /// Σ lᵢ over the samples in index order in Double, continued from `start`, and the gradient of Σ lᵢ / `totalWeight`
  /// with respect to the output.
  ///
  /// The parts of a data set give the sum of the whole if each part continues from the sum of the part before. The
  /// function is written over `TensorAlgebra`: computations that depend on the output must use its operations, so that
  /// the gradient can be differentiated again.
  func evaluate<T: TensorAlgebra>(
    _ output: ClassifierOutput<T>, labels: [Int], totalWeight: Double, startingAt start: Double
  ) -> (sum: Double, gradient: ClassifierGradient<T>)
}

extension ClassificationLoss {
  /// Σ w_{yᵢ}, in index order, in Double.
  public func totalWeight(of labels: [Int]) -> Double { labels.reduce(0) { $0 + weight(of: $1) } }
}

/// A loss that depends only on logits and labels.
public protocol LogitLoss: ClassificationLoss {
  /// See `ClassificationLoss.evaluate`; the gradient is with respect to the logits.
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
