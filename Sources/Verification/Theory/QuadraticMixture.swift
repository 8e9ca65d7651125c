import EscapementCurvature
import EscapementKernels

/// One class's loss f(x) = ½ (x − c)ᵀH(x − c): a saddle, or a minimum, at c.
struct CenteredQuadratic: SmoothLoss {
  let form: KnownQuadratic<Double>
  let center: Tensor<Double>

  var dimension: Int { form.dimension }
  func value(_ x: Tensor<Double>) -> Double { form.value(x - center) }
  func gradient(_ x: Tensor<Double>) -> Tensor<Double> { form.product(x - center) }
  func hessianProduct(_ point: Tensor<Double>, _ direction: Tensor<Double>) -> Tensor<Double> {
    form.product(direction)
  }
}

/// F = Σ_j p_j f_j: the loss that is trained, of the classes' losses and their shares.
struct QuadraticMixture: SmoothLoss {
  let shares: [Double]
  let parts: [CenteredQuadratic]

  var dimension: Int { parts[0].dimension }
  func value(_ x: Tensor<Double>) -> Double {
    zip(shares, parts).reduce(0) { $0 + $1.0 * $1.1.value(x) }
  }
  func gradient(_ x: Tensor<Double>) -> Tensor<Double> { sum { $0.gradient(x) } }
  func hessianProduct(_ point: Tensor<Double>, _ direction: Tensor<Double>) -> Tensor<Double> {
    sum { $0.hessianProduct(point, direction) }
  }

  private func sum(_ term: (CenteredQuadratic) -> Tensor<Double>) -> Tensor<Double> {
    zip(shares, parts).reduce(.zeros([dimension])) { $0.addingScaled($1.0, term($1.1)) }
  }
}
