import EscapementKernels

/// One probe's quadrature rule with the data needed to check it, without the basis from which it was computed.
public struct SpectrumProbe: Hashable, Sendable {
  /// Diagonal of T.
  public let alpha: [Double]
  /// Off-diagonal of T, followed by the norm of the remainder.
  public let beta: [Double]
  /// The rule of T.
  public let quadrature: GaussQuadrature
  /// The largest |VᵀV − I|.
  public let orthogonalityLoss: Double
  /// ⟨v, Hᵏv⟩ for k = 0…3 and the first basis vector v, from two separate products: ⟨v, v⟩, ⟨v, w⟩, ⟨w, w⟩ and ⟨w, Hw⟩
  /// with w = Hv. A rule of two or more steps reproduces all four (degree ≤ 2m − 1).
  public let directMoments: [Double]

  /// The number of products in addition to those of the decomposition.
  public static let products = 2

  /// Summarizes a decomposition, with two products of `map`.
  public init<Operator: SymmetricOperator>(
    _ krylov: KrylovDecomposition<Operator.Element>, of map: Operator
  ) throws {
    let v = krylov.basis[0]
    precondition(v.count == map.dimension, "a basis of \(v.count) for an operator of \(map.dimension)")
    let w = try map.product(v)
    let hw = try map.product(w)
    alpha = krylov.alpha
    beta = krylov.beta
    quadrature = try GaussQuadrature(krylov.tridiagonal)
    orthogonalityLoss = krylov.orthogonalityLoss
    directMoments = [v.dot(v), v.dot(w), w.dot(w), w.dot(hw)]
  }

  /// The number of steps taken.
  public var steps: Int { alpha.count }

  /// The sum of the largest |θ| and the norm of the remainder: at least the norm of H on the Krylov space.
  var scale: Double {
    quadrature.nodes.reduce(0) { max($0, $1.magnitude) } + beta[steps - 1].magnitude
  }
}
