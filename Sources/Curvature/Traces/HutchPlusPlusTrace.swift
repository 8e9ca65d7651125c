import EscapementStatistics
import EscapementKernels

/// The trace by Hutch++: exact on a sketched subspace, Hutchinson's estimator on the rest.
///
/// Let S and G have k = ⌊m/3⌋ random columns of ±1 each, and let Q be an orthonormal basis of HS. The estimate is
/// tr(QᵀHQ) + (1/k)·Σ gᵀ(I − QQᵀ)H(I − QQᵀ)g over the columns g of G. For positive semidefinite H, a relative error of
/// ε takes O(1/ε) products, where Hutchinson's estimator takes O(1/ε²) (Meyer, Musco, Musco and Woodruff, SOSA 2021,
/// algorithm 1). It is unbiased for any symmetric H.
public struct HutchPlusPlusTrace: Hashable, Sendable {
  /// tr(QᵀHQ).
  public let subspacePart: Double
  /// The samples of the rest, one per column of G.
  public let remainders: [Double]
  /// The number of columns of Q: k, or fewer if HS has a lower rank up to rounding.
  public let rank: Int
  /// The number of products.
  public let products: Int

  /// The trace. Its standard error is that of the remainder alone, for fixed Q.
  public var estimate: MeanEstimate {
    let rest = MeanEstimate(remainders)
    return MeanEstimate(
      mean: subspacePart + rest.mean, standardError: rest.standardError, count: rest.count)
  }

  /// Estimates with at most `products` products, a third of which must be 1 to n; throws if a product is not finite.
  public init<Operator: SymmetricOperator>(of map: Operator, products budget: Int, seed: UInt64) throws {
    typealias Element = Operator.Element
    let n = map.dimension
    let columns = budget / 3
    precondition(
      columns >= 1 && columns <= n, "a third of \(budget) products is not 1 to the dimension \(n)")
    var count = 0
    func product(_ v: Tensor<Element>) throws -> Tensor<Element> {
      let result = try map.product(v)
      count += 1
      guard result.isFinite else { throw LanczosError.nonFinite(step: count) }
      return result
    }

    var basis: [Tensor<Element>] = []
    // If less than this fraction of a column's length remains after the others are removed, the remainder is only
    // rounding: √n terms of random sign, as in Lanczos' test for breakdown.
    let noise = Double(n).squareRoot() * Double(Element.ulpOfOne)
    var longest = 0.0
    for i in 0..<columns {
      let s = ProbeFamily.sketch.rademacher(Element.self, n, seed: seed, index: UInt64(i))
      var w = try product(s)
      longest = max(longest, w.norm())
      w.orthogonalize(against: basis)
      let length = w.norm()
      if length > noise * longest { basis.append(w.divided(by: length)) }
    }
    var within = 0.0
    for q in basis { within += try product(q).dot(q) }
    remainders = try (0..<columns).map { i in
      var g = ProbeFamily.complement.rademacher(Element.self, n, seed: seed, index: UInt64(i))
      g.orthogonalize(against: basis)
      return try product(g).dot(g)
    }
    subspacePart = within
    rank = basis.count
    products = count
  }
}
