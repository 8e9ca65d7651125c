import EscapementKernels

/// The value and gradient of a loss at one point.
public struct Evaluation<Element: Real>: Sendable {
  /// The loss, in Double.
  public var loss: Double
  /// The gradient at the point asked for.
  public var gradient: ParameterVector<Element>
  /// The number of samples evaluated.
  public var samples: Int
  /// How many of them the largest logit classified correctly; nil where there are no logits.
  public var correct: Int?

  /// An evaluation; `correct` stays nil for losses without logits.
  public init(loss: Double, gradient: ParameterVector<Element>, samples: Int, correct: Int? = nil) {
    self.loss = loss
    self.gradient = gradient
    self.samples = samples
    self.correct = correct
  }
}
