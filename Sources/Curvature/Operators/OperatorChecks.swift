import EscapementKernels
import EscapementRandomness

/// Whether an operator behaves like one fixed symmetric matrix, determined from three products.
public struct OperatorChecks: Hashable, Sendable {
  /// |⟨u, Hv⟩ − ⟨v, Hu⟩| / (‖u‖‖Hv‖ + ‖v‖‖Hu‖) for Gaussian u and v; 0 where both products vanish.
  public let asymmetry: Double
  /// ‖H₁u − H₂u‖/‖H₁u‖ for two products with one u; 0 if both products vanish.
  ///
  /// It detects samples that are redrawn at each product (augmentation), for which Lanczos has no single matrix.
  public let drift: Double
  /// 2‖u‖‖v‖ / (‖u‖‖Hv‖ + ‖v‖‖Hu‖), which converts a bound on a product's error into a bound on `asymmetry`.
  public let reciprocalGain: Double
  /// n.
  public let dimension: Int
  /// The number of products that the checks take.
  public static let products = 3

  /// Checks `map` with two vectors of the seed that differ from every start vector.
  public init<Operator: SymmetricOperator>(_ map: Operator, seed: UInt64, probe: UInt64 = 0) throws {
    // Lanczos never uses step number 0 of a probe's new vectors, nor the last possible number.
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

  /// The largest `asymmetry` that rounding can cause for a symmetric operator whose products have errors of up to
  /// `productError`·‖v‖.
  ///
  /// ⟨u, Hv⟩ and ⟨v, Hu⟩ change by ‖u‖‖v‖·`productError` each. The two inner products in 32 lanes of Double, the norms
  /// and the division add n/32 + 16 roundings of at most ε, relative to the divisor of `asymmetry`.
  public func asymmetryBound(productError: Double) -> Double {
    // For a zero operator without error the gain is infinite: the result is 0, not 0 times infinity.
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
