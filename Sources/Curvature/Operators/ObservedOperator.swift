import EscapementKernels

/// An operator that tells of each product before it is taken: for progress, and for an interruption by throwing.
public struct ObservedOperator<Base: SymmetricOperator>: SymmetricOperator {
  /// The operator whose products these are.
  public let base: Base
  private let onProduct: () throws -> Void

  /// `base`, with `onProduct` before each product; what it throws comes out of the product.
  public init(_ base: Base, onProduct: @escaping () throws -> Void) {
    self.base = base
    self.onProduct = onProduct
  }

  /// The base's.
  public var dimension: Int { base.dimension }
  /// The base's.
  public var productErrorBound: Double? { base.productErrorBound }

  /// The base's product, to the bit.
  public func product(_ vector: Tensor<Base.Element>) throws -> Tensor<Base.Element> {
    try onProduct()
    return try base.product(vector)
  }
}
