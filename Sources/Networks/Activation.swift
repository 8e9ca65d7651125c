import EscapementCalculus
import EscapementKernels

/// A function of each element: ReLU, or tanh where derivatives of every order must exist.
public enum Activation: String, Layer, Hashable {
  case relu, tanh

  public func forward<T: TensorAlgebra>(_ x: T, _ pass: inout Pass<T>) -> T {
    let y = x.map(self == .relu ? .relu : .tanh)
    // Both derivatives are functions of the output, which the next layer keeps in any case.
    pass.save(y)
    return y
  }

  public func backward<T: TensorAlgebra>(_ g: consuming T, _ pass: inout Pass<T>, needsInput: Bool) -> T? {
    let y = pass.restoreValue()
    switch self {
    case .relu: return g.masked(by: y)
    case .tanh: return g * y.map(.square).map(.negate).adding(1)
    }
  }
}
