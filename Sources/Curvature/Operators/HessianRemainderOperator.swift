import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementNetworks

/// The remainder R = H − G = Σ_k (∂L/∂z_k) ∇²z_k of a loss over a fixed set of samples, by exact products.
///
/// The network's own curvature, weighted by the loss's gradient in the output; it vanishes where the network is linear
/// in its parameters, and where every sample is fitted. Where G is positive semidefinite, all negative
/// curvature comes from here: λ_min(R) ≤ λ_min(H). It is computed by itself, not as the difference of two products.
public struct HessianRemainderOperator<Element: Real>: SymmetricOperator {
  /// The Hessian of which this is a part: network, loss, point and samples are its own.
  public let hessian: HessianOperator<Element>
  private let memories: PartMemories?

  /// What `hessian` holds beside its Gauss–Newton part; `memoryBudget` as in `GaussNewtonOperator`.
  public init(of hessian: HessianOperator<Element>, memoryBudget: Int = 1 << 30) {
    self.hessian = hessian
    memories = memoryBudget > 0 ? PartMemories(budget: memoryBudget) : nil
  }

  /// The number of parameters.
  public var dimension: Int { hessian.dimension }

  /// R·v.
  public func product(_ vector: Tensor<Element>) throws -> Tensor<Element> {
    let product = try hessian.objective.remainderVectorProduct(
      at: hessian.parameters, statistics: hessian.statistics,
      direction: ParameterVector(layout: hessian.parameters.layout, flat: vector),
      over: hessian.samples, normalization: hessian.normalization, partSize: hessian.partSize,
      memories: memories, communicator: hessian.communicator
    ).flat
    try hessian.communicator?.check()
    return product
  }
}
