import EscapementCalculus
import EscapementKernels

/// The largest value of each window, channel by channel; what lies outside the image counts for nothing.
///
/// Ties go to the first pixel in row-major order, which alone gets the gradient; NaN propagates.
public struct MaxPool: Layer {
  let geometry: WindowGeometry

  /// Windows of `size` × `size` pixels; it has no parameters.
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
