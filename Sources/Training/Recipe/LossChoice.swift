import EscapementOptimizers
import EscapementLongTail
import EscapementNetworks

/// A loss by name and constants, independent of the data's class counts.
public enum LossChoice: Hashable, Sendable {
  /// Softmax cross-entropy.
  case crossEntropy
  /// LDAM on cosine logits (`AdjustedLogits.ldam`).
  case ldam(maximum: Double, scale: Double)
  /// LDAM as in SSE-SAM's code (`AdjustedLogits.ldamOfSSESAM`).
  case ldamOfSSESAM(maximum: Double, scale: Double)
  /// VS (`AdjustedLogits.vs`); logit adjustment with γ = 0, the class-dependent temperature with τ = 0.
  case vs(gamma: Double, tau: Double)
  /// The focal loss.
  case focal(gamma: Double, factor: Double)
  /// The influence-balanced loss from the 0-based epoch `start` on, plain cross-entropy before.
  case influenceBalanced(alpha: Double, start: Int)
  /// Parametric contrastive learning (`PaCoLoss`) with this weight of samples, this temperature and so many earlier
  /// keys, a multiple of the batch size.
  case parametricContrastive(alpha: Double, temperature: Double, queue: Int)

  /// VS with the constants of the NeurIPS 2022 supplement, section C.
  public static let vs = LossChoice.vs(gamma: 0.05, tau: 0.75)
  /// LDAM with the released constants on CIFAR.
  public static let ldam = LossChoice.ldam(maximum: 0.5, scale: 30)
  /// The influence-balanced loss as in its released training script.
  public static let influenceBalanced = LossChoice.influenceBalanced(alpha: 1000, start: 100)
  /// Parametric contrastive learning with the constants of its released command for CIFAR-100 LT.
  public static let parametricContrastive = LossChoice.parametricContrastive(
    alpha: 0.01, temperature: 0.05, queue: 1024)

  /// The loss to minimize in an epoch, for a training set with these class counts; nil for a loss that depends on more
  /// than a network's output and labels (see `contrastive`).
  public func criterion(
    counts: [Int], weighting: ClassWeighting?, epoch: Int
  ) -> (any ClassificationLoss)? {
    let weights = weighting?.weights(counts: counts, epoch: epoch)
    func crossEntropy(_ adjustment: AdjustedLogits?) -> SoftmaxCrossEntropy {
      SoftmaxCrossEntropy(
        classWeights: weights, adjustment: adjustment,
        divisor: weights == nil ? .weights : weighting?.divisor ?? .weights)
    }
    switch self {
    case .crossEntropy: return crossEntropy(nil)
    case .ldam(let maximum, let scale):
      return crossEntropy(.ldam(counts: counts, maximum: maximum, scale: scale))
    case .ldamOfSSESAM(let maximum, let scale):
      return crossEntropy(.ldamOfSSESAM(counts: counts, maximum: maximum, scale: scale))
    case .vs(let gamma, let tau): return crossEntropy(.vs(counts: counts, gamma: gamma, tau: tau))
    case .focal(let gamma, let factor):
      return FocalLoss(classWeights: weights, gamma: gamma, factor: factor)
    case .influenceBalanced(let alpha, let start):
      guard epoch >= start else { return SoftmaxCrossEntropy() }
      return InfluenceBalancedLoss(classWeights: weights, alpha: alpha)
    case .parametricContrastive: return nil
    }
  }

  /// PaCo's loss for a training set with these class counts; nil for another loss.
  func contrastive(counts: [Int]) -> PaCoLoss? {
    guard case .parametricContrastive(let alpha, let temperature, _) = self else { return nil }
    return PaCoLoss(counts: counts, alpha: alpha, temperature: temperature)
  }

  /// The most keys of a queue: MoCo's default on ImageNet.
  public static let longestQueue = 1 << 16

  /// The views of a training image, and whether an epoch's last, partial batch is dropped.
  var views: TrainingViews { if case .parametricContrastive = self { .contrastive } else { .augmented } }

  /// Throws `HyperparameterError` for a constant out of its range.
  public func validate() throws {
    func check(_ valid: Bool, _ name: String, _ value: Any, _ expected: String) throws {
      guard valid else { throw HyperparameterError(name: name, value: "\(value)", expected: expected) }
    }
    switch self {
    case .crossEntropy: return
    case .parametricContrastive(let alpha, let temperature, let queue):
      try HyperparameterError.checkNotNegative(alpha, name: "alpha")
      try check(
        temperature > 0 && temperature.isFinite, "temperature", temperature, "a finite number above 0")
      try check((1...Self.longestQueue).contains(queue), "queue", queue, "1 to \(Self.longestQueue) keys")
    case .ldam(let maximum, let scale), .ldamOfSSESAM(let maximum, let scale):
      try HyperparameterError.checkNotNegative(maximum, name: "margin")
      try check(scale > 0 && scale.isFinite, "scale", scale, "a finite number above 0")
    case .vs(let gamma, let tau):
      try HyperparameterError.checkNotNegative(gamma, name: "gamma")
      try HyperparameterError.checkNotNegative(tau, name: "tau")
    case .focal(let gamma, let factor):
      try check(gamma == 0 || (gamma >= 1 && gamma.isFinite), "gamma", gamma, "0 or at least 1")
      try check(factor > 0 && factor.isFinite, "factor", factor, "a finite number above 0")
    case .influenceBalanced(let alpha, let start):
      try check(alpha > 0 && alpha.isFinite, "alpha", alpha, "a finite number above 0")
      try check(start >= 0, "first epoch of the influence-balanced loss", start, "at least 0")
    }
  }
}
