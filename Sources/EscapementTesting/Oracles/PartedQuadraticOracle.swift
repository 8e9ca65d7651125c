import EscapementOptimizers
import EscapementCalculus
import EscapementKernels
import EscapementNetworks
import EscapementTraining

/// For each part of a batch L(w) = Σ (½ λᵢwᵢ² + bᵢwᵢ) with its own λ and b. The queries are recorded.
///
/// The gradient is λ∘w + b, with product and sum rounded separately, or one of the two if the other is not given. A
/// shard without its own coefficients is evaluated on the whole batch.
public struct PartedQuadraticOracle<Element: Real>: GradientOracle {
  /// The eigenvalues λ by part.
  public let spectra: [BatchPart: Tensor<Element>]
  /// The slopes b by part.
  public let slopes: [BatchPart: Tensor<Element>]
  /// Parts without samples: loss and gradient are zero.
  public var emptyParts: Set<BatchPart>
  /// The queries so far.
  public private(set) var queries: [ScriptedOracle<Element>.Query] = []

  /// Losses with these coefficients. A part without coefficients must not be queried.
  public init(
    spectra: [BatchPart: Tensor<Element>], slopes: [BatchPart: Tensor<Element>] = [:],
    emptyParts: Set<BatchPart> = []
  ) {
    self.spectra = spectra
    self.slopes = slopes
    self.emptyParts = emptyParts
  }

  /// Quadratics with these eigenvalues.
  public init(_ spectra: [BatchPart: [Element]]) { self.init(spectra: spectra.mapValues { Tensor($0) }) }

  /// The answer; see the type.
  public mutating func evaluate(
    at point: ParameterVector<Element>, on part: BatchPart, statistics: StatisticsUpdate
  ) throws -> Evaluation<Element> {
    queries.append(.init(point, part, statistics))
    guard !emptyParts.contains(part) else {
      return Evaluation(loss: 0, gradient: ParameterVector(zeros: point.layout), samples: 0, correct: 0)
    }
    let curved = Self.entry(part, of: spectra).map { point.flat.zip(.multiply, $0) }
    let slope = Self.entry(part, of: slopes)
    let loss = 0.5 * (curved?.dot(point.flat) ?? 0) + (slope?.dot(point.flat) ?? 0)
    guard let gradient = curved.map({ curved in slope.map { curved + $0 } ?? curved }) ?? slope else {
      preconditionFailure("no coefficients for \(part)")
    }
    return Evaluation(
      loss: loss, gradient: ParameterVector(layout: point.layout, flat: gradient), samples: 2, correct: 1)
  }

  private static func entry(
    _ part: BatchPart, of table: [BatchPart: Tensor<Element>]
  ) -> Tensor<Element>? {
    if case .shard = part { return table[part] ?? table[.all] }
    return table[part]
  }
}
