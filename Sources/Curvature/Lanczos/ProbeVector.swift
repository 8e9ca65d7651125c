import EscapementCalculus
import EscapementKernels
import EscapementRandomness

/// The purpose of a random vector; vectors of different families never share a number.
///
/// Lanczos' Gaussian start vectors have the indices below 2²⁴ of the same purpose.
enum ProbeFamily: UInt64 {
  case releasedStart = 1
  case releasedFresh, releasedPower, releasedTrace, hutchinson, sketch, complement

  /// Vector number `index` (below 2³²) of the seed with independent standard normal entries.
  func gaussian<Element: Real>(
    _ type: Element.Type, _ count: Int, seed: UInt64, index: UInt64
  ) -> Tensor<Element> {
    Tensor.standardNormal(seed: seed, purpose: .probe, index: streamIndex(index), shape: [count])
  }

  /// Vector number `index` (below 2³²) of the seed with independent entries, +1 and −1 with equal probability.
  func rademacher<Element: Real>(
    _ type: Element.Type, _ count: Int, seed: UInt64, index: UInt64
  ) -> Tensor<Element> {
    let stream = RandomStream(seed: seed, purpose: .probe, index: streamIndex(index))
    let uniforms = Tensor<Element>(shape: [count]) {
      stream.fillUniforms(type: Element.kernelType, count: count, bound: 1, into: $0)
    }
    // 1 if the uniform of [−1, 1) is above 0, otherwise 0; twice that minus 1 is exact.
    return uniforms.map(.heaviside).scaled(by: 2).zip(.subtract, scalar: 1)
  }

  private func streamIndex(_ index: UInt64) -> UInt64 {
    precondition(index >> 32 == 0, "the number of a probe vector must be below 2^32, got \(index)")
    return rawValue << 32 | index
  }
}
