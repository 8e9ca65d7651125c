import CEscapementKernels
import EscapementKernels
import EscapementRandomness

extension Tensor {
  /// Independent standard normals, a pure function of (seed, purpose, index): element i is draw i of
  /// that stream, rounded once to the element type.
  public static func standardNormal(
    seed: UInt64, purpose: Purpose, index: UInt64 = 0, shape: Shape
  ) -> Tensor {
    let stream = RandomStream(seed: seed, purpose: purpose, index: index)
    return Tensor(shape: shape) {
      stream.fillNormals(type: Element.kernelType, count: shape.count, into: UnsafeMutableRawPointer($0))
    }
  }
}
