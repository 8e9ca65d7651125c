import EscapementKernels

/// A value with its derivative along one direction: forward-mode differentiation, one line per rule.
///
/// A gradient computed on duals gives the derivative of the gradient along the direction, which is the exact
/// Hessian-vector product (Pearlmutter 1994). A nil tangent is exactly zero and needs no computation.
public struct Dual<V: TensorAlgebra>: Sendable {
  /// The value.
  public let primal: V
  /// Its derivative along the direction; nil means exactly zero.
  public internal(set) var tangent: V?

  /// Pairs a value with its derivative.
  public init(_ primal: V, tangent: V?) {
    self.primal = primal
    self.tangent = tangent
  }

  /// f(x) for a linear f, applied to value and tangent alike.
  func linear<W: TensorAlgebra>(_ f: (V) -> W) -> Dual<W> { Dual<W>(f(primal), tangent: tangent.map(f)) }

  /// The product rule for any bilinear form: f(ȧ, b) + f(a, ḃ).
  func bilinear<A: TensorAlgebra, W: TensorAlgebra>(_ b: Dual<A>, _ f: (V, A) -> W) -> Dual<W> {
    let left = tangent.map { f($0, b.primal) }
    let right = b.tangent.map { f(primal, $0) }
    return Dual<W>(f(primal, b.primal), tangent: Self.sum(left, right))
  }

  static func sum<W: TensorAlgebra>(_ a: W?, _ b: W?) -> W? {
    guard let a else { return b }
    guard let b else { return a }
    return a + b
  }
}

extension Dual: TensorAlgebra {
  public typealias Element = V.Element
  public typealias Wide = Dual<V.Wide>

  public init(primal: Tensor<Element>, tangent: Tensor<Element>?) {
    self.init(V(primal: primal, tangent: nil), tangent: tangent.map { V(primal: $0, tangent: nil) })
  }
  public var value: Tensor<Element> { primal.value }
  public var derivative: Tensor<Element> { tangent?.value ?? .zeros(primal.shape) }

  public static func + (a: Dual, b: Dual) -> Dual {
    Dual(a.primal + b.primal, tangent: sum(a.tangent, b.tangent))
  }
  public static func - (a: Dual, b: Dual) -> Dual {
    let tangent: V? =
      switch (a.tangent, b.tangent) {
      case (let t, nil): t
      case (nil, let u?): u.map(.negate)
      case (let t?, let u?): t - u
      }
    return Dual(a.primal - b.primal, tangent: tangent)
  }
  public static func * (a: Dual, b: Dual) -> Dual { a.bilinear(b) { $0 * $1 } }

  public func map(_ function: UnaryFunction) -> Dual {
    let y = primal.map(function)
    guard let tangent else { return Dual(y, tangent: nil) }
    let derivative: V? =
      switch function {
      case .relu: tangent.masked(by: primal)
      case .heaviside: nil
      case .exp: tangent * y
      case .log: tangent * primal.map(.reciprocal)
      case .tanh: tangent * y.map(.square).map(.negate).adding(1)
      case .squareRoot: (tangent * y.map(.reciprocal)).scaled(by: 0.5)
      case .reciprocal: (tangent * y.map(.square)).map(.negate)
      case .negate: tangent.map(.negate)
      case .square: (tangent * primal).scaled(by: 2)
      case .absolute: tangent.masked(by: primal) - tangent.masked(by: primal.map(.negate))
      }
    return Dual(y, tangent: derivative)
  }
  public func scaled(by s: Double) -> Dual { linear { $0.scaled(by: s) } }
  public func divided(by s: Double) -> Dual { linear { $0.divided(by: s) } }
  public func adding(_ s: Double) -> Dual { Dual(primal.adding(s), tangent: tangent) }
  public func masked(by preactivation: Dual) -> Dual { linear { $0.masked(by: preactivation.primal) } }

  public func addingChannels(_ v: Dual) -> Dual { broadcastSum(v) { $0.addingChannels($1) } }
  public func subtractingChannels(_ v: Dual) -> Dual { broadcastSum(v) { $0.subtractingChannels($1) } }
  public func multiplyingChannels(_ v: Dual) -> Dual { bilinear(v) { $0.multiplyingChannels($1) } }
  public func subtractingRows(_ v: Dual) -> Dual { broadcastSum(v) { $0.subtractingRows($1) } }
  public func multiplyingRows(_ v: Dual) -> Dual { bilinear(v) { $0.multiplyingRows($1) } }

  /// A sum or difference with a broadcast vector. It is linear in both operands, so the tangents use the same function.
  private func broadcastSum(_ v: Dual, _ f: (V, V) -> V) -> Dual {
    guard let moving = v.tangent else { return Dual(f(primal, v.primal), tangent: tangent) }
    let still = tangent ?? V(constant: .zeros(primal.shape))
    return Dual(f(primal, v.primal), tangent: f(still, moving))
  }

  public func rowSums() -> Dual { linear { $0.rowSums() } }
  public func gathered(columns: [Int]) -> Dual { linear { $0.gathered(columns: columns) } }
  public func gathered(at maxima: WindowMaxima) -> Dual { linear { $0.gathered(at: maxima) } }
  public func scattered(at maxima: WindowMaxima) -> Dual { linear { $0.scattered(at: maxima) } }
  public func samples(_ range: Range<Int>) -> Dual { linear { $0.samples(range) } }
  public func reshaped(_ shape: Shape) -> Dual { linear { $0.reshaped(shape) } }
  public func transposed() -> Dual { linear { $0.transposed() } }

  public static func narrowed(_ wide: Wide) -> Dual { wide.linear { V.narrowed($0) } }

  public func pooledMean() -> Dual { linear { $0.pooledMean() } }
  public func pooledMeanAdjoint(shape: Shape) -> Dual { linear { $0.pooledMeanAdjoint(shape: shape) } }
  public func shortcut(channels: Int, stride: Int, before: Int) -> Dual {
    linear { $0.shortcut(channels: channels, stride: stride, before: before) }
  }
  public func shortcutAdjoint(inputShape: Shape, stride: Int, before: Int) -> Dual {
    linear { $0.shortcutAdjoint(inputShape: inputShape, stride: stride, before: before) }
  }

  public func convolutionWeightTerms(
    input: Dual, weightShape: Shape, _ geometry: ConvolutionGeometry
  ) -> [Tensor<Element>] {
    terms(input) { $0.convolutionWeightTerms(input: $1, weightShape: weightShape, geometry) }
  }
  public func channelSumTerms() -> [Tensor<Double>] { tangent?.channelSumTerms() ?? [] }
  public func channelDotTerms(_ other: Dual) -> [Tensor<Double>] { terms(other) { $0.channelDotTerms($1) } }

  /// The two terms of the product rule, as separate terms.
  private func terms<R>(_ other: Dual, _ f: (V, V) -> [R]) -> [R] {
    (tangent.map { f($0, other.primal) } ?? []) + (other.tangent.map { f(primal, $0) } ?? [])
  }
}
