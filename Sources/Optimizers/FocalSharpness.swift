import CEscapementKernels

/// Focal-SAM's share c_y of each class in the sharpness-aware part of the loss (Li et al., ICML 2025).
///
/// c_y = s·(1 − n_y/N)^γ with N the sum of the counts: near s for rare classes, less for frequent ones. A sample's
/// loss counts 1 − c_y in the part that is descended as it is and c_y in the part that is perturbed; ImbSAM is the
/// case of shares 0 and 1. From `train_step.py` of github.com/scongl/Focal-SAM. The power is
/// exp(γ·log(1 − n_y/N)) in Double, 1 for γ = 0.
public struct FocalSharpness: Hashable, Sendable {
  /// γ ≥ 0: 0 gives every class the same share.
  public let gamma: Double
  /// s, in [0, 1].
  public let scale: Double
  /// c_y, one a class.
  public let shares: [Double]

  /// Shares of classes with these counts, which must be positive. γ = 3 and s = 0.5 are those of the released
  /// command for CIFAR-10 (3.2 and 0.8 for CIFAR-100). A constant out of range throws `HyperparameterError`.
  public init(counts: [Int], gamma: Double = 3, scale: Double = 0.5) throws {
    precondition(counts.allSatisfy { $0 > 0 }, "every class needs at least one image, got \(counts)")
    try HyperparameterError.checkNotNegative(gamma, name: "gamma of the sharpness")
    guard scale >= 0, scale <= 1 else {
      throw HyperparameterError(name: "sharpness", value: "\(scale)", expected: "a number in [0, 1]")
    }
    self.gamma = gamma
    self.scale = scale
    let total = Double(counts.reduce(0, +))
    shares = counts.map { count in
      // The exact 1 also where the logarithm has no value: 0⁰ as PyTorch has it.
      gamma == 0 ? scale : scale * ek_exp(gamma * ek_log(1 - Double(count) / total))
    }
  }
}
