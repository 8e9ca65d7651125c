import EscapementKernels
import EscapementLongTail
import EscapementNetworks

/// Why an empirical Fisher matrix could not be made.
public enum EmpiricalFisherError: Error, Equatable, CustomStringConvertible {
  /// The samples' gradients need more bytes than allowed.
  case tooLarge(samples: Int, parameters: Int, bytes: Int, limit: Int)

  /// A one-line message.
  public var description: String {
    switch self {
    case .tooLarge(let samples, let parameters, let bytes, let limit):
      "empirical Fisher: gradients of \(samples) samples in \(parameters) parameters take \(bytes) bytes, "
        + "more than the \(limit) allowed; use fewer samples or a smaller network"
    }
  }
}

/// The empirical Fisher matrix F = (1/W) Σᵢ gᵢgᵢᵀ of a loss over a fixed set of samples.
///
/// gᵢ is the gradient of sample i's contribution to the loss's numerator and W the loss's divisor, so the loss's
/// gradient is Σᵢ gᵢ/W. With labels from the data it is not the Fisher information of the model (that is
/// `HessianTerm.gaussNewton` under cross-entropy; Kunstner, Hennig and Balles, NeurIPS 2019), and a class weight enters
/// it squared. The gradients, n·p numbers, are computed once and kept, so it is meant for small networks. A product is
/// two passes over them. It is positive semidefinite, with rank at most n.
public struct EmpiricalFisherOperator<Element: Real>: SymmetricOperator {
  /// gᵢ, one row per sample: `[n][p]`.
  public let gradients: Tensor<Element>
  /// W.
  public let totalWeight: Double

  /// F at the point, over the samples and in the batch-norm mode of `hessian`.
  ///
  /// Throws `EmpiricalFisherError.tooLarge`, before anything is computed, if the gradients need more than `memoryLimit`
  /// bytes. The default, 256 MiB, holds 1,000 samples of a network of 33,000 parameters in Double. For the cost see
  /// `Objective.sampleGradients`.
  public init(at hessian: HessianOperator<Element>, memoryLimit: Int = 1 << 28) throws {
    let labels = hessian.samples.labels
    let (count, overflow) = labels.count.multipliedReportingOverflow(
      by: hessian.dimension * MemoryLayout<Element>.stride)
    guard !overflow, count <= memoryLimit else {
      throw EmpiricalFisherError.tooLarge(
        samples: labels.count, parameters: hessian.dimension, bytes: overflow ? Int.max : count,
        limit: memoryLimit)
    }
    gradients = try Self.gradients(hessian, over: hessian.samples)
    totalWeight = hessian.objective.loss.totalWeight(of: labels)
  }

  private static func gradients(
    _ hessian: HessianOperator<Element>, over samples: some SampleSource<Element>
  ) throws -> Tensor<Element> {
    try hessian.objective.sampleGradients(
      at: hessian.parameters, statistics: hessian.statistics, over: samples,
      normalization: hessian.normalization)
  }

  /// The number of parameters.
  public var dimension: Int { gradients.shape[1] }

  /// ‖E‖ ≤ (c(p) + c(n) + 2)·ε·‖g‖_F²/W for the F of the stored gradients, where c(k) = min(k, 512) + log₂ of the
  /// number of chunks bounds the roundings in one entry of a product over k terms (see
  /// `DenseSymmetricOperator.productErrorBound`), and the two others are for the division and second-order terms.
  public var productErrorBound: Double? {
    let roundings = Self.roundings(over: gradients.shape[0]) + Self.roundings(over: dimension) + 2
    let norm = gradients.norm()
    return roundings * Double(Element.ulpOfOne) * norm * norm / totalWeight
  }

  private static func roundings(over terms: Int) -> Double {
    let chunks = (terms + 511) / 512
    let levels = chunks > 1 ? Int.bitWidth - (chunks - 1).leadingZeroBitCount : 0
    return Double(min(terms, 512) + levels)
  }

  /// F·v, as gᵀ(g·v)/W.
  public func product(_ vector: Tensor<Element>) -> Tensor<Element> {
    precondition(vector.count == dimension, "a vector of \(vector.count) for a matrix of \(dimension)")
    let along = gradients.matmul(vector.reshaped([dimension, 1]))
    return along.reshaped([1, gradients.shape[0]]).matmul(gradients).reshaped([dimension])
      .divided(by: totalWeight)
  }
}
