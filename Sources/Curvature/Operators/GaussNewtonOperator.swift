import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementNetworks

/// The generalised Gauss–Newton matrix G = JᵀH_L J of a loss over a fixed set of samples, by exact products.
///
/// J is the Jacobian of the network's output in its parameters and H_L the loss's Hessian in that output, divided as
/// the loss is. G is positive semidefinite where H_L is, as for cross-entropy, LDAM and VS, whose logits enter a
/// softmax through a constant affine map; the focal and the influence-balanced loss are not convex in the output.
/// For plain cross-entropy G is the Fisher information of the softmax model: with labels drawn from it,
/// (1/n) Σᵢ Σ_c p_c ∇ℓ_c ∇ℓ_cᵀ. A product takes four contractions a layer, beside the six
/// of a Hessian product, where what does not depend on the vector is kept.
public struct GaussNewtonOperator<Element: Real>: SymmetricOperator {
  /// The Hessian of which this is a part: network, loss, point and samples are its own.
  public let hessian: HessianOperator<Element>
  private let memories: PartMemories?

  /// The Gauss–Newton part of `hessian`.
  ///
  /// Up to `memoryBudget` bytes, products keep what does not depend on the vector; the bits do not depend on it. The
  /// default is that of `HessianOperator`.
  public init(of hessian: HessianOperator<Element>, memoryBudget: Int = 1 << 30) {
    self.hessian = hessian
    memories = memoryBudget > 0 ? PartMemories(budget: memoryBudget) : nil
  }

  /// The number of parameters.
  public var dimension: Int { hessian.dimension }

  /// G·v.
  public func product(_ vector: Tensor<Element>) throws -> Tensor<Element> {
    let product = try hessian.objective.gaussNewtonVectorProduct(
      at: hessian.parameters, statistics: hessian.statistics,
      direction: ParameterVector(layout: hessian.parameters.layout, flat: vector),
      over: hessian.samples, normalization: hessian.normalization, partSize: hessian.partSize,
      memories: memories, communicator: hessian.communicator
    ).flat
    try hessian.communicator?.check()
    return product
  }
}
