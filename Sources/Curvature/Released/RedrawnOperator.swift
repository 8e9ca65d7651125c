import EscapementKernels

/// An operator that is a different matrix at every product, such as an operator over newly augmented images.
///
/// Product number i (from 0) is that of the operator that `draw` returns for i, so a run can be repeated with the same
/// bits. `SymmetricOperator` requires one fixed matrix. This type violates that requirement on purpose, as the papers'
/// released code does, and the self-checks must detect it (`OperatorChecks.drift`). It counts its products and is
/// therefore a reference type, for use from one thread.
public final class RedrawnOperator<Drawn: SymmetricOperator>: SymmetricOperator {
  /// The length of the vectors.
  public let dimension: Int
  /// The number of products so far, which is the number of the next draw.
  public private(set) var products = 0
  private let draw: (Int) throws -> Drawn

  /// The operators of dimension n that `draw` returns for the number of the product.
  public init(dimension: Int, draw: @escaping (Int) throws -> Drawn) {
    self.dimension = dimension
    self.draw = draw
  }

  /// H_i·v for the next i; errors of the draw are rethrown, and the product is then not counted.
  public func product(_ vector: Tensor<Drawn.Element>) throws -> Tensor<Drawn.Element> {
    let drawn = try draw(products)
    precondition(
      drawn.dimension == dimension, "an operator of dimension \(drawn.dimension) drawn for \(dimension)")
    products += 1
    return try drawn.product(vector)
  }
}
