import EscapementCalculus
import EscapementKernels

/// Directions that do not depend on the loss, as a control.
package enum RandomDirections {
  /// The streams that Lanczos uses for the same purpose are below this number.
  private static let stream: UInt64 = 1 << 55

  /// `count` seeded Gaussian vectors of length 1: uniform on the sphere.
  package static func unit<Element: Real>(
    _ type: Element.Type, count: Int, dimension: Int, seed: UInt64
  ) -> [Tensor<Element>] {
    (0..<count).map { index in
      let v = Tensor<Element>.standardNormal(
        seed: seed, purpose: .direction, index: stream | UInt64(index), shape: [dimension])
      return v.scaled(by: 1 / v.norm())
    }
  }
}
