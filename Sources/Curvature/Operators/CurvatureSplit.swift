import EscapementKernels

/// The parts of the Hessian's curvature along one direction that come from the Gauss–Newton term and from the
/// remainder.
///
/// With u = v/‖v‖ and H = G + R: uᵀHu = uᵀGu + uᵀRu. At the eigenvector of λ_min this shows the origin of negative
/// curvature: for a loss that is convex in the output uᵀGu ≥ 0, so the remainder accounts for all of λ_min and more.
/// The three products share no contraction of the tangents, so their agreement is a real check.
public struct CurvatureSplit: Hashable, Sendable {
  /// uᵀHu.
  public let hessian: Double
  /// uᵀGu.
  public let gaussNewton: Double
  /// uᵀRu.
  public let remainder: Double
  /// ‖Hu − Gu − Ru‖.
  public let defect: Double
  /// The size of `defect` that rounding can cause: √n·ε·‖H‖ for each of three products, as estimated for a certificate.
  public let rounding: Double

  /// Measures the split along `direction`, which must not be zero, with one product each of H, G and R.
  ///
  /// `norm` is a value of ‖H‖'s size, for the estimate of rounding: the largest |Ritz value|. Throws
  /// `LanczosError.unusableStart` if the direction is zero or not finite.
  public init<Element: Real>(
    along direction: Tensor<Element>, of hessian: HessianOperator<Element>, norm: Double
  ) throws {
    let length = direction.norm()
    guard length > 0, length.isFinite else { throw LanczosError.unusableStart }
    let u = direction.divided(by: length)
    // One product each, so nothing is kept.
    let h = try hessian.product(u).converted(to: Double.self)
    let g = try hessian.term(.gaussNewton, memoryBudget: 0).product(u).converted(to: Double.self)
    let r = try hessian.term(.remainder, memoryBudget: 0).product(u).converted(to: Double.self)
    let v = u.converted(to: Double.self)
    self.hessian = h.dot(v)
    gaussNewton = g.dot(v)
    remainder = r.dot(v)
    defect = (h - g - r).norm()
    rounding = 3 * Double(u.count).squareRoot() * Double(Element.ulpOfOne) * norm
  }

  /// The split along the Ritz vector of the smallest Ritz value of `hessian`.
  public init<Element: Real>(
    atSmallestOf krylov: KrylovDecomposition<Element>, eigen: TridiagonalEigen,
    of hessian: HessianOperator<Element>
  ) throws {
    try self.init(
      along: krylov.ritzVector(eigen.vector(0)).converted(to: Element.self), of: hessian,
      norm: krylov.tridiagonal.rowSumNorm)
  }

  /// uᵀRu/uᵀHu, the remainder's share; more than 1 if the Gauss–Newton part has the opposite sign.
  public var remainderShare: Double { remainder / hessian }
  /// Whether H = G + R along the direction up to rounding.
  public var adds: Bool { defect <= rounding }
}
