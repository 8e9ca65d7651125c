import EscapementCalculus
import EscapementKernels

/// The rows or columns of a matrix scaled to unit length: u = v/max(‖v‖, 10⁻¹²), with its pullback.
///
/// If ‖v‖ is at most 10⁻¹², the divisor is constant, as in PyTorch's `normalize`, whose default is this floor. Row
/// norms are sums in lanes rounded to the element type; column norms are sums in Double by the rule of per-channel
/// sums.
struct UnitVectors<T: TensorAlgebra>: Sendable {
  enum Axis: Sendable { case rows, columns }

  private static var floor: Double { 1e-12 }

  /// The unit vectors.
  let value: T
  private let axis: Axis
  private let inverse: T
  // Positive if the divisor is the norm and not the floor.
  private let excess: T

  init(_ vectors: T, _ axis: Axis) {
    self.axis = axis
    let norm = Self.dots(vectors, vectors, axis).map(.squareRoot)
    excess = norm.adding(-Self.floor)
    let rests = excess.value.map(.heaviside).map(.negate).adding(1)
    // One of the summands is zero, so nothing is rounded.
    let divisor = norm.masked(by: excess) + T(constant: rests.scaled(by: Self.floor))
    inverse = divisor.map(.reciprocal)
    value = Self.scaled(vectors, by: inverse, axis)
  }

  /// The gradient with respect to the vectors, given the one with respect to the unit vectors: (g − u⟨u, g⟩)/‖v‖, or
  /// g/10⁻¹² if the divisor is constant.
  func pulledBack(_ g: T) -> T {
    let radial = Self.dots(value, g, axis).masked(by: excess)
    return Self.scaled(g - Self.scaled(value, by: radial, axis), by: inverse, axis)
  }

  private static func dots(_ a: T, _ b: T, _ axis: Axis) -> T {
    axis == .rows ? (a * b).rowSums() : .narrowed(a.channelDots(b))
  }

  private static func scaled(_ vectors: T, by factors: T, _ axis: Axis) -> T {
    axis == .rows ? vectors.multiplyingRows(factors) : vectors.multiplyingChannels(factors)
  }
}
