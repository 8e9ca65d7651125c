import Kernels

/// A symmetric linear map known only by its products.
public protocol SymmetricOperator<Element> {
  /// The element type of the vectors.
  associatedtype Element: Real
  /// The length of the vectors.
  var dimension: Int { get }
  /// The product with a vector of shape `[dimension]`.
  func product(_ vector: Tensor<Element>) throws -> Tensor<Element>
}
