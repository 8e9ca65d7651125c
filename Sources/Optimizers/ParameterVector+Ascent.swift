import EscapementCalculus
import EscapementKernels

extension ParameterVector {
  /// The point w + ρ·g/(‖g‖ + constant) and the actual length of the move; w's own bits if the move is zero.
  ///
  /// The scale is computed in Double and rounded once; each product is rounded before the sum.
  public func ascended(along gradient: ParameterVector, rho: Double, constant: Double) -> (
    point: ParameterVector, length: Double
  ) {
    moved(along: gradient, by: rho / (gradient.flat.norm() + constant))
  }

  /// The point w + s·d and the actual length of the move; w's own bits if s or d is zero.
  public func moved(along direction: ParameterVector, by scale: Double) -> (
    point: ParameterVector, length: Double
  ) {
    // Adding zeros would still change a parameter of -0 to +0.
    guard scale != 0, direction.flat.norm() > 0 else { return (self, 0) }
    let sum = flat.addingScaled(scale, direction.flat)
    return (ParameterVector(layout: layout, flat: sum), (sum - flat).norm())
  }

  /// The cosine between two vectors; 0 if one of them is zero.
  func cosine(to other: ParameterVector) -> Double {
    let lengths = flat.norm() * other.flat.norm()
    return lengths > 0 ? flat.dot(other.flat) / lengths : 0
  }
}
