import Kernels
import Training

/// The code under judgement, one requirement for each thing that a claim is about.
///
/// Every requirement has a default that calls the package's own code. A test replaces one of them by a
/// broken version and sees the verdict change: that is how a procedure shows that it can fail.
public protocol ClaimSubject: Sendable {
  /// Gradient descent with heavy-ball momentum and no weight decay.
  func gradientDescent<Element: Real>(
    momentum: Double, as type: Element.Type
  ) throws -> any UpdateRule<Element>
  /// SAM over gradient descent; `normalised` ascends by ρ g/‖g‖, otherwise by ρ g.
  func sharpnessAware<Element: Real>(
    rho: Double, normalised: Bool, momentum: Double, as type: Element.Type
  ) throws -> any UpdateRule<Element>
}
