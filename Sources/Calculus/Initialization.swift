import CEscapementKernels
import EscapementKernels
import EscapementRandomness

/// How the entries of a segment are drawn at the start of training.
public enum Initialization: Hashable, Sendable {
  /// One value for all entries.
  case constant(Double)
  /// N(0, deviation²).
  case normal(deviation: Double)
  /// Uniform in [−bound, bound).
  case uniform(bound: Double)
  /// A matrix of U(−1, 1) entries whose columns are then scaled to unit length, up to 10⁻⁷: a column of norm r
  /// ends with the norm r/(r + 10⁻⁷), as the released LDAM classifier leaves it (PyTorch's `renorm` to 10⁻⁵,
  /// which adds 10⁻⁷ to the norm, times 10⁵).
  case unitColumns

  /// Kaiming normal (He et al. 2015, gain √2): N(0, 2/fan), with the fan-in or the fan-out.
  public static func kaimingNormal(fan: Int) -> Initialization {
    .normal(deviation: (2 / Double(fan)).squareRoot())
  }

  /// PyTorch's default for weights (Kaiming uniform with a = √5) and biases: U(±1/√fan_in).
  public static func uniform(fanIn: Int) -> Initialization {
    .uniform(bound: 1 / Double(fanIn).squareRoot())
  }

  /// The entries of a segment of `shape`, a pure function of the seed and the segment's index: entry i is draw i
  /// of the stream (seed, initialization, index), rounded once.
  public func values<Element: Real>(shape: Shape, seed: UInt64, index: UInt64) -> Tensor<Element> {
    let stream = RandomStream(seed: seed, purpose: .initialization, index: index)
    func uniform<E: Real>(_ bound: Double) -> Tensor<E> {
      Tensor(shape: shape) {
        stream.fillUniforms(type: E.kernelType, count: shape.count, bound: bound, into: $0)
      }
    }
    switch self {
    case .constant(let value): return Tensor(repeating: Element(rounding: value), shape: shape)
    case .normal(let deviation):
      return Tensor<Double>.standardNormal(seed: seed, purpose: .initialization, index: index, shape: shape)
        .scaled(by: deviation).converted(to: Element.self)
    case .uniform(let bound): return uniform(bound)
    case .unitColumns:
      let matrix: Tensor<Double> = uniform(1)
      let norms = matrix.channelDots(matrix).map(.squareRoot)
      return matrix.multiplyingChannels(norms.adding(1e-7).map(.reciprocal)).converted(to: Element.self)
    }
  }
}

extension ParameterVector {
  /// Every segment drawn as its layout specifies; segment s draws from the stream (seed, initialization, s).
  public init(initializing layout: ParameterLayout, seed: UInt64) {
    var flat = Tensor<Element>.zeros([layout.count])
    for (index, segment) in layout.segments.enumerated() {
      let values: Tensor<Element> = segment.initialization.values(
        shape: segment.shape, seed: seed, index: UInt64(index))
      flat.withMutablePointer { target in
        values.withPointer { (target + segment.offset).update(from: $0, count: segment.count) }
      }
    }
    self.init(layout: layout, flat: flat)
  }
}
