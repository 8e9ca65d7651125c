import EscapementCalculus
import EscapementKernels
import EscapementLongTail

/// The Hessian of a loss of a network's output, or one of its two terms.
///
/// Let z(θ) be the output (logits and features), J = ∂z/∂θ and H_L = ∂²L/∂z², both divided as the loss is. The chain
/// rule gives H = JᵀH_L J + Σ_k (∂L/∂z_k) ∇²z_k = G + R.
public enum HessianTerm: Hashable, Sendable {
  /// H.
  case whole
  /// The generalized Gauss–Newton matrix G = JᵀH_L J.
  ///
  /// It is positive semidefinite if H_L is, as for cross-entropy, LDAM and VS, whose logits enter a softmax through a
  /// constant affine map. The focal and the influence-balanced loss are not convex in the output. For plain
  /// cross-entropy G is the Fisher information of the softmax model: with labels drawn from it, (1/n) Σᵢ Σ_c p_c ∇ℓ_c
  /// ∇ℓ_cᵀ (Schraudolph, Neural Computation 14, 2002; Martens, JMLR 21, 2020, section 9).
  case gaussNewton
  /// The remainder R = Σ_k (∂L/∂z_k) ∇²z_k: the network's own curvature, weighted by the gradient of the loss with
  /// respect to the output.
  ///
  /// It vanishes if the network is linear in its parameters, and if every sample is fitted. If G is positive
  /// semidefinite, all negative curvature comes from R: λ_min(R) ≤ λ_min(H). R is computed directly, not as the
  /// difference of two products, so that H = G + R can be checked.
  case remainder
}

extension Objective {
  /// One forward pass on duals computes Jv. The tangent of the loss's gradient on those duals is H_L·Jv. One plain
  /// backward pass applies Jᵀ. This is exact for every loss, also for one that uses the features, and under batch
  /// statistics, which are part of J.
  func gaussNewton(
    _ batch: LabeledBatch<Element>, _ pass: inout Pass<Dual<Tensor<Element>>>, totalWeight: Double
  ) {
    let output = network.forward(Dual(constant: batch.images), &pass)
    let gradient =
      loss.evaluate(output, labels: batch.labels, totalWeight: totalWeight, startingAt: 0).gradient
    var back: Pass<Tensor<Element>> = pass.atRest()
    network.backward(
      ClassifierGradient(
        features: gradient.features.map(\.derivative), logits: gradient.logits.derivative), &back)
    pass.gradients = back.gradients
  }

  /// A Hessian-vector product in which the loss's gradient with respect to the output is constant.
  func remainder(
    _ batch: LabeledBatch<Element>, _ pass: inout Pass<Dual<Tensor<Element>>>, totalWeight: Double
  ) {
    typealias Moving = Dual<Tensor<Element>>
    let output = network.forward(Moving(constant: batch.images), &pass)
    let rest = ClassifierOutput(features: output.features.value, logits: output.logits.value)
    let gradient =
      loss.evaluate(rest, labels: batch.labels, totalWeight: totalWeight, startingAt: 0).gradient
    network.backward(
      ClassifierGradient(
        features: gradient.features.map { Moving(constant: $0) }, logits: Moving(constant: gradient.logits)),
      &pass)
  }
}
