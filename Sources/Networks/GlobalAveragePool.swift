import EscapementCalculus
import EscapementKernels

/// The mean over all pixels: `[n][h][w][c]` to `[n][c]`.
public struct GlobalAveragePool: Layer {
  /// A pool; it has no parameters.
  public init() {}

  public func forward<T: TensorAlgebra>(_ x: T, _ pass: inout Pass<T>) -> T {
    pass.save(x.shape)
    return x.pooledMean()
  }

  public func backward<T: TensorAlgebra>(_ g: consuming T, _ pass: inout Pass<T>, needsInput: Bool) -> T? {
    g.pooledMeanAdjoint(shape: pass.restoreShape())
  }
}
