import EscapementKernels

/// A symmetric linear map given only by its products.
public protocol SymmetricOperator<Element> {
  /// The element type of the vectors.
  associatedtype Element: Real
  /// The length of the vectors.
  var dimension: Int { get }
  /// A bound on ‖computed Hv − Hv‖ / ‖v‖ in the operator's own arithmetic; nil if none is derived.
  var productErrorBound: Double? { get }
  /// The product with a vector of shape `[dimension]`.
  func product(_ vector: Tensor<Element>) throws -> Tensor<Element>
}

extension SymmetricOperator {
  /// No bound is derived for a general operator.
  public var productErrorBound: Double? { nil }
}
