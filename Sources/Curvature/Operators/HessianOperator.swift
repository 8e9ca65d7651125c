import CEscapementKernels
import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementNetworks

/// The Hessian of a loss over a fixed set of samples, or one of its terms, represented by exact products.
///
/// Every product uses the same samples in the same order, so the operator is one fixed symmetric matrix. (The papers'
/// code redraws crops and flips at each product, so Lanczos has no single matrix.) There is no weight decay term. With
/// one class in the source, a class-weighted mean equals the plain mean.
public struct HessianOperator<Element: Real>: SymmetricOperator {
  /// The network and loss.
  public let objective: Objective<Element>
  /// The point.
  public let parameters: ParameterVector<Element>
  /// Running means and variances of batch norm; used under `.running`.
  public let statistics: ParameterVector<Element>
  /// The samples over which the loss is averaged.
  public let samples: any SampleSource<Element>
  /// The statistics that batch norm uses. `.running` makes it affine, as in the papers' spectra.
  public let normalization: Normalization
  /// The number of samples processed at a time. Memory use depends on it; bits do not.
  public let partSize: Int
  /// The whole Hessian or one of its two terms.
  public let term: HessianTerm
  /// The ranks that share the work of a product; nil for this process alone.
  public let communicator: (any Communicator)?
  private let memories: PartMemories?

  /// The Hessian, or a term of it, at `parameters` over all of `samples`; there must be at least one.
  ///
  /// Products keep up to `memoryBudget` bytes of what does not depend on the vector, about 2.4 MB per image for a
  /// ResNet-32 in Float. A product for which all of it is kept costs three quarters of one for which nothing is kept.
  /// The bits do not depend on it, nor on the ranks of a `communicator`, each of which processes its own samples; all
  /// ranks must make the same products.
  public init(
    objective: Objective<Element>, parameters: ParameterVector<Element>,
    statistics: ParameterVector<Element>, samples: any SampleSource<Element>,
    normalization: Normalization = .running, partSize: Int = 64, memoryBudget: Int = Self.memory,
    communicator: (any Communicator)? = nil, term: HessianTerm = .whole
  ) {
    precondition(samples.count > 0, "a Hessian over no samples")
    self.objective = objective
    self.parameters = parameters
    self.statistics = statistics
    self.samples = samples
    self.normalization = normalization
    self.partSize = partSize
    self.communicator = communicator
    self.term = term
    memories = memoryBudget > 0 ? PartMemories(budget: memoryBudget) : nil
  }

  /// A term of this Hessian: network, loss, point and samples are the same; it has its own memory for products.
  ///
  /// A product with G takes four contractions per layer, compared with six for a Hessian product, if what does not
  /// depend on the vector is kept.
  public func term(_ term: HessianTerm, memoryBudget: Int = Self.memory) -> HessianOperator {
    HessianOperator(
      objective: objective, parameters: parameters, statistics: statistics, samples: samples,
      normalization: normalization, partSize: partSize, memoryBudget: memoryBudget,
      communicator: communicator, term: term)
  }

  /// The memory budget by default: 1 GiB, some 400 images of a ResNet-32, or `ESCAPEMENT_MEMORY` GiB where that is set.
  public static var memory: Int { Int(ek_memory()) }

  /// The number of bytes kept for the next product.
  public var bytesKept: Int { memories?.bytes ?? 0 }

  /// The number of parameters.
  public var dimension: Int { parameters.count }

  /// H·v, or the term's product.
  public func product(_ vector: Tensor<Element>) throws -> Tensor<Element> {
    let product = try objective.hessianVectorProduct(
      of: term, at: parameters, statistics: statistics,
      direction: ParameterVector(layout: parameters.layout, flat: vector),
      over: samples, normalization: normalization, partSize: partSize, memories: memories,
      communicator: communicator
    ).flat
    try communicator?.check()
    return product
  }
}
