import EscapementKernels

/// An operator that calls a function before each product, to report progress, or to cancel by throwing.
public struct ObservedOperator<Base: SymmetricOperator>: SymmetricOperator {
  /// The underlying operator.
  public let base: Base
  private let onProduct: () throws -> Void

  /// `base`, with `onProduct` called before each product; its errors are rethrown by the product.
  public init(_ base: Base, onProduct: @escaping () throws -> Void) {
    self.base = base
    self.onProduct = onProduct
  }

  /// The dimension of `base`.
  public var dimension: Int { base.dimension }
  /// The bound of `base`.
  public var productErrorBound: Double? { base.productErrorBound }

  /// The product of `base`, with the same bits.
  public func product(_ vector: Tensor<Base.Element>) throws -> Tensor<Base.Element> {
    try onProduct()
    return try base.product(vector)
  }
}
