import EscapementCalculus
import EscapementKernels

/// A differentiable map with parameters, written once for values and duals.
///
/// `forward` saves on the pass what `backward` needs. `backward` takes it off in reverse order, adds the parameters'
/// gradients to the pass and returns the input's gradient (nil if not needed).
public protocol Layer: Sendable {
  /// The layer's output for input `x`.
  func forward<T: TensorAlgebra>(_ x: T, _ pass: inout Pass<T>) -> T
  /// The gradient with respect to the input, given the output's gradient.
  func backward<T: TensorAlgebra>(_ g: consuming T, _ pass: inout Pass<T>, needsInput: Bool) -> T?
}
