import EscapementCalculus
import EscapementKernels
import EscapementLongTail
import EscapementNetworks

/// The Hessian of a loss over a fixed set of samples, or a term of it, known by exact products.
///
/// Every product reads the same samples in the same order, so the operator is one fixed symmetric matrix.
/// (The papers' code redraws crops and flips at each product, after which Lanczos sees no one matrix.)
/// No weight decay term enters. With one class in the source, a class-weighted mean equals the plain mean.
public struct HessianOperator<Element: Real>: SymmetricOperator {
  /// Network and loss.
  public let objective: Objective<Element>
  /// The point.
  public let parameters: ParameterVector<Element>
  /// Running means and variances of batch norm; read under `.running`.
  public let statistics: ParameterVector<Element>
  /// The samples the loss is averaged over.
  public let samples: any SampleSource<Element>
  /// Which statistics batch norm uses. `.running` makes it affine, as the papers' spectra have it.
  public let normalization: Normalization
  /// Samples processed at a time; memory depends on it, bits do not.
  public let partSize: Int
  /// The Hessian, or which of its two terms.
  public let term: HessianTerm
  /// The ranks that share the work of a product; nil: this process alone.
  public let communicator: (any Communicator)?
  private let memories: PartMemories?

  /// The Hessian, or a term of it, at `parameters` over all of `samples`; there must be at least one.
  ///
  /// Up to `memoryBudget` bytes, products keep what does not depend on the vector, about 2.4 MB an image for a
  /// ResNet-32 in Float; a product that finds all of it kept costs three quarters of one that finds nothing. The
  /// default holds some 400 images. The bits do not depend on it, nor on the ranks of a `communicator`, each of which
  /// goes through its own samples; all make the same products.
  public init(
    objective: Objective<Element>, parameters: ParameterVector<Element>,
    statistics: ParameterVector<Element>, samples: any SampleSource<Element>,
    normalization: Normalization = .running, partSize: Int = 64, memoryBudget: Int = 1 << 30,
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

  /// A term of this Hessian: network, loss, point and samples are the same, what products keep is its own.
  ///
  /// A product with G takes four contractions a layer, beside the six of a Hessian product, where what does not depend on
  /// the vector is kept.
  public func term(_ term: HessianTerm, memoryBudget: Int = 1 << 30) -> HessianOperator {
    HessianOperator(
      objective: objective, parameters: parameters, statistics: statistics, samples: samples,
      normalization: normalization, partSize: partSize, memoryBudget: memoryBudget,
      communicator: communicator, term: term)
  }

  /// The bytes kept for the next product.
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
