import CEscapementKernels

/// The share c_y of each class in the sharpness-aware part of the Focal-SAM loss (Li et al., ICML 2025).
///
/// c_y = s·(1 − n_y/N)^γ with N the sum of the counts: near s for rare classes, smaller for frequent ones. A sample's
/// loss has the weight 1 − c_y in the unperturbed part and c_y in the perturbed part; ImbSAM is the case of shares 0
/// and 1. Source: `train_step.py` of github.com/scongl/Focal-SAM. The power is exp(γ·log(1 − n_y/N)) in Double, and 1
/// for γ = 0.
public struct FocalSharpness: Hashable, Sendable {
  /// γ ≥ 0: 0 gives every class the same share.
  public let gamma: Double
  /// s, in [0, 1].
  public let scale: Double
  /// c_y, one per class.
  public let shares: [Double]

  /// Shares for classes with these counts, which must be positive. The defaults γ = 3 and s = 0.5 are those of the
  /// released command for CIFAR-10 (3.2 and 0.8 for CIFAR-100). A constant out of range throws `HyperparameterError`.
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
      // Exactly 1 even if the logarithm is undefined: 0⁰ = 1, as in PyTorch.
      gamma == 0 ? scale : scale * ek_exp(gamma * ek_log(1 - Double(count) / total))
    }
  }
}
