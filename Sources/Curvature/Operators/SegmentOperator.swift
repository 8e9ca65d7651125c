import EscapementCalculus
import EscapementKernels

/// A diagonal block of an operator on parameters: P·H·Pᵀ, where P takes the parameters of some segments.
///
/// For a Hessian it is the second derivative along those parameters alone, the others at rest: the curvature of a layer
/// or block. Its eigenvalues lie between λ_min and λ_max of the whole (Cauchy's interlacing). A product takes one product
/// of the whole.
public struct SegmentOperator<Base: SymmetricOperator>: SymmetricOperator {
  /// The whole operator.
  public let base: Base
  /// The parameters of the block, as ranges of the whole vector, ascending.
  public let ranges: [Range<Int>]
  /// The number of parameters in the block.
  public let dimension: Int

  /// The block of the segments of `layout` that `isIncluded` selects; at least one, of a layout that is the operator's.
  public init(of base: Base, layout: ParameterLayout, where isIncluded: (ParameterLayout.Segment) -> Bool) {
    precondition(
      base.dimension == layout.count, "a layout of \(layout.count) for an operator of \(base.dimension)")
    self.base = base
    ranges = layout.segments.filter(isIncluded).map { $0.offset..<($0.offset + $0.count) }
    dimension = ranges.reduce(0) { $0 + $1.count }
    precondition(dimension > 0, "a block without parameters")
  }

  /// The whole operator's bound: the block of an error is not larger than the error.
  public var productErrorBound: Double? { base.productErrorBound }

  /// The block's part of the product with the vector that is zero elsewhere.
  public func product(_ vector: Tensor<Base.Element>) throws -> Tensor<Base.Element> {
    precondition(vector.count == dimension, "a vector of \(vector.count) for a block of \(dimension)")
    var whole = Tensor<Base.Element>.zeros([base.dimension])
    copy { target, source, count in
      whole.withMutablePointer { to in
        vector.withPointer { (to + target).update(from: $0 + source, count: count) }
      }
    }
    let product = try base.product(whole)
    var part = Tensor<Base.Element>.zeros([dimension])
    copy { source, target, count in
      part.withMutablePointer { to in
        product.withPointer { (to + target).update(from: $0 + source, count: count) }
      }
    }
    return part
  }

  /// Calls `body` with each range's place in the whole vector, its place in the block, and its length.
  private func copy(_ body: (_ whole: Int, _ block: Int, _ count: Int) -> Void) {
    var place = 0
    for range in ranges {
      body(range.lowerBound, place, range.count)
      place += range.count
    }
  }
}
