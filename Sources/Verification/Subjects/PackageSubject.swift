import Kernels
import Training

/// The package's own code.
public struct PackageSubject: ClaimSubject {
  /// The package's own code.
  public init() {}

  /// `SGD` without weight decay.
  public func gradientDescent<Element: Real>(
    momentum: Double, as type: Element.Type
  ) throws -> any UpdateRule<Element> {
    try SGD<Element>(momentum: momentum, weightDecay: 0)
  }

  /// `SAM` over `SGD` without weight decay.
  public func sharpnessAware<Element: Real>(
    rho: Double, normalised: Bool, momentum: Double, as type: Element.Type
  ) throws -> any UpdateRule<Element> {
    try SAM(
      base: SGD<Element>(momentum: momentum, weightDecay: 0), rho: rho,
      variant: SAMVariant(
        ascent: normalised ? .normalized : .unnormalized, secondPassStatistics: .freeze))
  }
}
