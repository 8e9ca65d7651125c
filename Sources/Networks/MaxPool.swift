import EscapementCalculus
import EscapementKernels

/// The largest value of each window, channel by channel; positions outside the image are ignored.
///
/// Of equal values the first in row-major order is chosen, and it alone receives the gradient; NaN propagates.
public struct MaxPool: Layer {
  let geometry: WindowGeometry

  /// Windows of `size` × `size` pixels. The layer has no parameters.
  public init(size: Int, stride: Int, padding: Int = 0) {
    geometry = WindowGeometry(size: size, stride: stride, padding: padding)
  }

  public func forward<T: TensorAlgebra>(_ x: T, _ pass: inout Pass<T>) -> T {
    let maxima = WindowMaxima(of: x.value, geometry)
    pass.save(maxima)
    return x.gathered(at: maxima)
  }

  public func backward<T: TensorAlgebra>(_ g: consuming T, _ pass: inout Pass<T>, needsInput: Bool) -> T? {
    let maxima = pass.restoreMaxima()
    return needsInput ? g.scattered(at: maxima) : nil
  }
}
