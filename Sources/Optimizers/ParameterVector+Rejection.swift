import EscapementCalculus
import EscapementKernels

extension ParameterVector {
  /// The part of self orthogonal to `direction`, self − (⟨self, direction⟩/⟨direction, direction⟩)·direction; self if
  /// the direction is zero.
  ///
  /// The quotient is computed in Double and rounded once; the product is rounded before the sum.
  func rejected(from direction: ParameterVector) -> ParameterVector {
    let square = direction.flat.dot(direction.flat)
    guard square > 0 else { return self }
    return moved(along: direction, by: -flat.dot(direction.flat) / square).point
  }
}
