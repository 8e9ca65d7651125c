import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementNetworks
import EscapementTraining

/// The product of a mini-batch's own Hessian with a direction v that is an eigenvector of another Hessian.
package struct MiniBatchProduct: Hashable, Sendable {
  /// vᵀH_b v.
  package let curvature: Double
  /// ‖H_b v − λv‖: 0 if vᵀH_b = λvᵀ, which the proof of Theorem 1 substitutes for vᵀH.
  package let residual: Double

  /// Compares `product` = H_b v with the eigenvalue λ of the unit vector v.
  package init<Element: Real>(_ product: Tensor<Element>, eigenvalue: Double, direction: Tensor<Element>) {
    curvature = direction.dot(product)
    residual = product.addingScaled(-eigenvalue, direction).norm()
  }
}

/// The gradients of one mini-batch b at w and after SAM's two ascents, projected on fixed unit vectors.
///
/// All three use the same samples: g = ∇f_b(w), and ∇f_b at w + ρ g/(‖g‖ + 10⁻¹²), the released step, and at w + ρ g,
/// the step of Theorem 1's proof (NeurIPS 2022 supplement, eq. 3).
package struct MiniBatchRow: Hashable, Sendable {
  /// Samples in the mini-batch.
  package let samples: Int
  /// f_b(w).
  package let loss: Double
  /// ‖g‖.
  package let gradientNorm: Double
  /// ⟨v, g⟩ for each direction.
  package let plain: [Double]
  /// ⟨v, ∇f_b(w + ρ g/‖g‖)⟩ for each direction.
  package let normalized: [Double]
  /// ⟨v, ∇f_b(w + ρ g)⟩ for each direction.
  package let unnormalized: [Double]
  /// The products with the first directions, one for each given eigenvalue.
  package let products: [MiniBatchProduct]

  /// Queries the oracle three times, or once without a radius, and does not change its running statistics.
  ///
  /// With `product`, the map v ↦ H_b v, the first `eigenvalues.count` directions are multiplied too. Without `rho`
  /// there are no ascents, and `normalized` and `unnormalized` are empty.
  package init<Oracle: GradientOracle>(
    _ oracle: inout Oracle, at w: ParameterVector<Oracle.Element>, rho: Double?,
    along directions: [Tensor<Oracle.Element>], eigenvalues: [Double] = [],
    product: ((Tensor<Oracle.Element>) throws -> Tensor<Oracle.Element>)? = nil
  ) throws {
    precondition(rho.map { $0 >= 0 && $0.isFinite } ?? true, "a radius of \(rho ?? 0)")
    precondition(
      eigenvalues.count <= directions.count,
      "\(eigenvalues.count) eigenvalues for \(directions.count) directions")
    func components(at point: ParameterVector<Oracle.Element>) throws -> [Double] {
      let gradient = try oracle.evaluate(at: point, on: .all, statistics: .freeze).gradient.flat
      return directions.map { $0.dot(gradient) }
    }
    let clean = try oracle.evaluate(at: w, on: .all, statistics: .freeze)
    samples = clean.samples
    loss = clean.loss
    gradientNorm = clean.gradient.flat.norm()
    plain = directions.map { $0.dot(clean.gradient.flat) }
    if let rho {
      let constant = SAM<SGD<Oracle.Element>>.normConstant
      normalized = try components(at: w.ascended(along: clean.gradient, rho: rho, constant: constant).point)
      unnormalized = try components(at: w.moved(along: clean.gradient, by: rho).point)
    } else {
      (normalized, unnormalized) = ([], [])
    }
    products =
      try product.map { product in
        try zip(directions, eigenvalues).map { v, eigenvalue in
          MiniBatchProduct(try product(v), eigenvalue: eigenvalue, direction: v)
        }
      } ?? []
  }

  /// Whether every measured number is finite.
  package var isFinite: Bool {
    loss.isFinite && gradientNorm.isFinite
      && (plain + normalized + unnormalized + products.flatMap { [$0.curvature, $0.residual] })
        .allSatisfy(\.isFinite)
  }

  /// A row from its parts.
  package init(
    samples: Int = 1, loss: Double = 0, gradientNorm: Double, plain: [Double], normalized: [Double] = [],
    unnormalized: [Double] = [], products: [MiniBatchProduct] = []
  ) {
    self.samples = samples
    self.loss = loss
    self.gradientNorm = gradientNorm
    self.plain = plain
    self.normalized = normalized
    self.unnormalized = unnormalized
    self.products = products
  }
}
