import EscapementCurvature
import EscapementKernels

/// An operator that measures the time of its products.
final class TimedOperator<Base: SymmetricOperator>: SymmetricOperator {
  private let base: Base
  /// The total time of all products so far.
  private(set) var elapsed: Duration = .zero

  /// Wraps an operator.
  init(_ base: Base) { self.base = base }

  var dimension: Int { base.dimension }
  var productErrorBound: Double? { base.productErrorBound }

  func product(_ vector: Tensor<Base.Element>) throws -> Tensor<Base.Element> {
    let start = ContinuousClock.now
    defer { elapsed += ContinuousClock.now - start }
    return try base.product(vector)
  }
}
