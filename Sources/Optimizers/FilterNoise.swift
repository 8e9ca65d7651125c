import EscapementCalculus
import EscapementKernels
import EscapementRandomness

/// Gaussian noise whose standard deviation is proportional to the norms of the filters to which it is added (LPF-SGD).
///
/// An entry of a weight with two or more extents has the standard deviation γ·‖f‖, where f is all entries with the same
/// output: the rows of PyTorch's `[out][in]…`, which are the columns of `[kh][kw][in][out]` and `[in][out]` here. The
/// normalized classifier's weight is `[in][out]` in PyTorch too, but the released code still treats its rows as
/// filters: the standard deviation of an entry is γ times its row's norm. An entry of a vector t (bias, gain, shift)
/// has γ·(‖t‖ + 10⁻¹⁶).
///
/// The noise of a filter of d entries therefore has a norm of about γ·√d·‖f‖, not γ·‖f‖.
public struct FilterNoise: Hashable, Sendable {
  /// Added to the norm of a vector, so that a bias of zeros receives noise too, as in the released code.
  public static let normConstant = 1e-16

  /// γ ≥ 0.
  public let radius: Double
  /// The seed, which together with the index determines the noise.
  public let seed: UInt64

  /// Noise of a radius; a negative or non-finite one throws `HyperparameterError`.
  public init(radius: Double, seed: UInt64) throws {
    try HyperparameterError.checkNotNegative(radius, name: "radius")
    self.radius = radius
    self.seed = seed
  }

  /// The noise around `point`, a pure function of (seed, index, point).
  ///
  /// Entry i is draw i of the stream, rounded once, times its deviation, computed in Double and rounded once.
  public func draw<Element: Real>(
    around point: ParameterVector<Element>, index: UInt64
  ) -> ParameterVector<Element> {
    let normals = ParameterVector<Element>(
      layout: point.layout,
      flat: .standardNormal(seed: seed, purpose: .perturbation, index: index, shape: point.flat.shape))
    var flat = Tensor<Element>.zeros(point.flat.shape)
    flat.withMutablePointer { target in
      for (index, segment) in point.layout.segments.enumerated() {
        let scaled = noise(normals[index], like: point[index], role: segment.role)
        scaled.withPointer { (target + segment.offset).update(from: $0, count: segment.count) }
      }
    }
    return ParameterVector(layout: point.layout, flat: flat)
  }

  private func noise<Element: Real>(
    _ normals: Tensor<Element>, like values: Tensor<Element>, role: ParameterLayout.Role
  ) -> Tensor<Element> {
    switch role {
    case .convolution, .dense:
      let filters: Shape = [values.shape.rows, values.shape.columns]
      let matrix = values.reshaped(filters)
      let deviations = matrix.channelDots(matrix).map(.squareRoot).scaled(by: radius)
      return normals.reshaped(filters).zipChannels(.multiply, deviations.converted(to: Element.self))
    case .matrix:
      let wide = values.converted(to: Double.self)
      let deviations = (wide * wide).rowSums().map(.squareRoot).scaled(by: radius)
      return normals.zipRows(.multiply, deviations.converted(to: Element.self))
    case .vector:
      return normals.scaled(by: radius * (values.norm() + Self.normConstant))
    }
  }
}
