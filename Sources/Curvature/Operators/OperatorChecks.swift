import EscapementKernels
import EscapementRandomness

/// Whether an operator behaves as one fixed symmetric matrix, from three products.
public struct OperatorChecks: Hashable, Sendable {
  /// |⟨u, Hv⟩ − ⟨v, Hu⟩| / (‖u‖‖Hv‖ + ‖v‖‖Hu‖) for Gaussian u and v; 0 where both products vanish.
  public let asymmetry: Double
  /// ‖H₁u − H₂u‖/‖H₁u‖ for two products with one u; 0 where both products vanish.
  ///
  /// Samples that are redrawn at each product (augmentation) show here: Lanczos then sees no one matrix.
  public let drift: Double
  /// 2‖u‖‖v‖ / (‖u‖‖Hv‖ + ‖v‖‖Hu‖), which turns a bound on a product's error into one on `asymmetry`.
  public let reciprocalGain: Double
  /// n.
  public let dimension: Int
  /// Products that the checks take.
  public static let products = 3

  /// Checks `map` with two vectors of the seed that no start vector shares.
  public init<Operator: SymmetricOperator>(_ map: Operator, seed: UInt64, probe: UInt64 = 0) throws {
    // Step number 0 of a probe's fresh vectors is never used by Lanczos, nor is the last one possible.
    let u = Self.gaussian(Operator.Element.self, map.dimension, seed, probe << 32)
    let v = Self.gaussian(Operator.Element.self, map.dimension, seed, probe << 32 | 0xFFFF_FFFF)
    let hu = try map.product(u)
    let hv = try map.product(v)
    let again = try map.product(u)
    let whole = u.norm() * hv.norm() + v.norm() * hu.norm()
    asymmetry = Self.ratio((u.dot(hv) - v.dot(hu)).magnitude, whole)
    reciprocalGain = Self.ratio(2 * u.norm() * v.norm(), whole)
    dimension = map.dimension
    drift = Self.ratio((hu - again).norm(), hu.norm())
  }

  /// How large rounding can make `asymmetry` of a symmetric operator whose products err by `productError`·‖v‖.
  ///
  /// ⟨u, Hv⟩ and ⟨v, Hu⟩ move by ‖u‖‖v‖·`productError` each; the two inner products in 32 lanes of Double, the
  /// norms and the division add n/32 + 16 roundings of at most ε of what `asymmetry` is divided by.
  public func asymmetryBound(productError: Double) -> Double {
    // A zero operator without error has no gain: 0, not 0 times infinity.
    (productError == 0 ? 0 : productError * reciprocalGain) + (Double(dimension) / 32 + 16) * Double.ulpOfOne
  }

  private static func gaussian<Element: Real>(
    _ type: Element.Type, _ count: Int, _ seed: UInt64, _ index: UInt64
  ) -> Tensor<Element> {
    Tensor(shape: [count]) {
      RandomStream(seed: seed, purpose: .direction, index: index)
        .fillNormals(type: Element.kernelType, count: count, into: $0)
    }
  }

  private static func ratio(_ part: Double, _ whole: Double) -> Double { part == 0 ? 0 : part / whole }
}
