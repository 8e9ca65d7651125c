import Calculus
import Kernels
import Networks
import Training

/// For each part of a batch L(w) = ½ Σ λᵢwᵢ² with a spectrum of its own; the questions are remembered.
public struct PartedQuadraticOracle<Element: Real>: GradientOracle {
  /// The eigenvalues λ by part.
  public let spectra: [BatchPart: Tensor<Element>]
  /// Questions so far.
  public private(set) var queries: [ScriptedOracle<Element>.Query] = []

  /// Quadratics of these eigenvalues; asking for another part is a test's bug.
  public init(_ spectra: [BatchPart: [Element]]) { self.spectra = spectra.mapValues { Tensor($0) } }

  /// The answer; see the type.
  public mutating func evaluate(
    at point: ParameterVector<Element>, on part: BatchPart, statistics: StatisticsUpdate
  ) throws -> Evaluation<Element> {
    queries.append(.init(point, part, statistics))
    let gradient = point.flat.zip(.multiply, spectra[part]!)
    return Evaluation(
      loss: 0.5 * gradient.dot(point.flat),
      gradient: ParameterVector(layout: point.layout, flat: gradient), samples: 2, correct: 1)
  }
}
