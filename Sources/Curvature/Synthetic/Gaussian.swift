import EscapementKernels
import EscapementRandomness

/// Seeded standard normals for synthetic problems.
package enum Gaussian {
  /// `count` standard normals of stream (seed, theory, index).
  package static func vector<Element: Real>(
    _ type: Element.Type, count: Int, seed: UInt64, index: UInt64
  ) -> Tensor<Element> {
    let stream = RandomStream(seed: seed, purpose: .theory, index: index)
    return Tensor(shape: [count]) { stream.fillNormals(type: Element.kernelType, count: count, into: $0) }
  }
}
