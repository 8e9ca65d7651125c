import EscapementKernels

/// The value and gradient of a loss at one point.
public struct Evaluation<Element: Real>: Sendable {
  /// The loss, in Double.
  public var loss: Double
  /// The gradient at the point of evaluation.
  public var gradient: ParameterVector<Element>
  /// The number of samples evaluated.
  public var samples: Int
  /// The number of samples whose largest logit is that of the correct class; nil for losses without logits.
  public var correct: Int?

  /// An evaluation; `correct` stays nil for losses without logits.
  public init(loss: Double, gradient: ParameterVector<Element>, samples: Int, correct: Int? = nil) {
    self.loss = loss
    self.gradient = gradient
    self.samples = samples
    self.correct = correct
  }

  /// The sum of two parts of one loss at one point; `correct` is nil if it is nil in either part.
  public static func + (a: Evaluation, b: Evaluation) -> Evaluation {
    Evaluation(
      loss: a.loss + b.loss, gradient: a.gradient + b.gradient, samples: a.samples + b.samples,
      correct: a.correct.flatMap { correct in b.correct.map { correct + $0 } })
  }
}

extension ParameterVector {
  /// The sum of two vectors of one layout.
  public static func + (a: ParameterVector, b: ParameterVector) -> ParameterVector {
    ParameterVector(layout: a.layout, flat: a.flat + b.flat)
  }
}
