import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementNetworks
import EscapementTraining

/// L(w) = ½ Σ λᵢwᵢ² with a given spectrum: gradient λᵢwᵢ, Hessian diag(λ).
public struct QuadraticOracle<Element: Real>: GradientOracle {
  /// The eigenvalues λ.
  public let spectrum: Tensor<Element>
  /// The queried points, in order.
  public private(set) var points: [ParameterVector<Element>] = []

  /// A quadratic with these eigenvalues.
  public init(spectrum: [Element]) { self.spectrum = Tensor(spectrum) }

  /// The answer; see the type.
  public mutating func evaluate(
    at point: ParameterVector<Element>, on part: BatchPart, statistics: StatisticsUpdate
  ) throws -> Evaluation<Element> {
    precondition(part == .all, "a quadratic has no samples to split")
    points.append(point)
    let gradient = point.flat.zip(.multiply, spectrum)
    return Evaluation(
      loss: 0.5 * gradient.dot(point.flat),
      gradient: ParameterVector(layout: point.layout, flat: gradient), samples: 1)
  }
}
