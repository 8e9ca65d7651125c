import EscapementKernels

/// An operator that is another matrix at every product: what an operator over freshly augmented images is.
///
/// Product number i (from 0) is that of the operator which `draw` makes for i, so a run repeats to the bit.
/// `SymmetricOperator` promises one matrix; this type breaks the promise on purpose, as the papers' released
/// code does, and the self-checks must find it out (`OperatorChecks.drift`). It counts its products and is
/// therefore a reference type, for use from one thread.
public final class RedrawnOperator<Drawn: SymmetricOperator>: SymmetricOperator {
  /// Length of the vectors.
  public let dimension: Int
  /// Products taken so far, and the number of the next draw.
  public private(set) var products = 0
  private let draw: (Int) throws -> Drawn

  /// The operators of dimension n that `draw` makes of the number of the product.
  public init(dimension: Int, draw: @escaping (Int) throws -> Drawn) {
    self.dimension = dimension
    self.draw = draw
  }

  /// H_i·v for the next i; errors of the draw are rethrown and do not count as a product.
  public func product(_ vector: Tensor<Drawn.Element>) throws -> Tensor<Drawn.Element> {
    let drawn = try draw(products)
    precondition(
      drawn.dimension == dimension, "an operator of dimension \(drawn.dimension) drawn for \(dimension)")
    products += 1
    return try drawn.product(vector)
  }
}
