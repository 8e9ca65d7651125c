import EscapementKernels

extension Reference {
  /// The exactly defined functions of one element; nil for exp, log and tanh, which are bounded instead.
  public static func unary<E: Real>(_ function: UnaryFunction, _ x: E) -> E? {
    switch function {
    case .relu: x < 0 ? 0 : x
    case .heaviside: x.isNaN ? x : (x > 0 ? 1 : 0)
    case .exp, .log, .tanh: nil
    case .squareRoot: x.squareRoot()
    case .reciprocal: 1 / x
    case .negate: -x
    case .square: x * x
    case .absolute: x.magnitude
    }
  }

  /// The functions of two elements.
  public static func binary<E: Real>(_ function: BinaryFunction, _ x: E, _ y: E) -> E {
    switch function {
    case .add: x + y
    case .subtract: x - y
    case .multiply: x * y
    case .divide: x / y
    case .mask: y.isNaN ? .nan : (y > 0 ? x : 0)
    }
  }

  /// y ← fma(s, x, y) with s rounded to the element type.
  public static func axpy<E: Real>(_ s: Double, _ x: [E], _ y: [E]) -> [E] {
    zip(x, y).map { $1.addingProduct(E(rounding: s), $0) }
  }

  /// w + s·g, the product rounded before the sum.
  public static func addScaled<E: Real>(_ w: [E], _ s: Double, _ g: [E]) -> [E] {
    zip(w, g).map { $0 + E(rounding: s) * $1 }
  }

  /// The scalars of one SGD step, each rounded once to the element type.
  public struct SGDStep: Sendable {
    /// The rate.
    public var rate: Double
    /// The momentum.
    public var momentum: Double
    /// The factor of w in the gradient.
    public var weightDecay: Double
    /// Whether this is the first step, for which the buffer's old content is not read.
    public var first: Bool

    /// A step.
    public init(rate: Double, momentum: Double, weightDecay: Double, first: Bool) {
      self.rate = rate
      self.momentum = momentum
      self.weightDecay = weightDecay
      self.first = first
    }
  }

  /// d = g + λw; b = d at first, else μb + d; w = w − ηb: every operation rounded.
  public static func sgdStep<E: Real>(_ s: SGDStep, g: [E], b: [E], w: [E]) -> (b: [E], w: [E]) {
    let (rate, momentum, decay) = (E(rounding: s.rate), E(rounding: s.momentum), E(rounding: s.weightDecay))
    var (buffer, weights) = (b, w)
    for i in g.indices {
      let d = g[i] + decay * w[i]
      buffer[i] = s.first ? d : momentum * b[i] + d
      weights[i] = w[i] - rate * buffer[i]
    }
    return (buffer, weights)
  }
}
