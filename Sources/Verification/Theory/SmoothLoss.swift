import Kernels

/// A loss with a known gradient and Hessian, small enough to be evaluated at will.
protocol SmoothLoss<Element>: Sendable {
  associatedtype Element: Real
  var dimension: Int { get }
  func value(_ point: Tensor<Element>) -> Double
  func gradient(_ point: Tensor<Element>) -> Tensor<Element>
  /// H(point)·direction.
  func hessianProduct(_ point: Tensor<Element>, _ direction: Tensor<Element>) -> Tensor<Element>
}

/// f(x) = ½ xᵀHx, H = QΛQᵀ with a chosen spectrum Λ.
///
/// Q is a product of Householder reflections along seeded Gaussian directions, so that the eigenvectors
/// Q eᵢ are known by construction and no eigen-solver enters.
struct KnownQuadratic<Element: Real>: SmoothLoss {
  /// Λ, in the order of the eigenvectors.
  let spectrum: [Double]
  private let diagonal: Tensor<Element>
  private let reflectors: [Tensor<Element>]

  /// A quadratic of the given spectrum; without reflections Q is the identity.
  init(spectrum: [Double], reflections: Int, seed: UInt64) {
    self.spectrum = spectrum
    diagonal = Tensor(spectrum.map { Element(rounding: $0) })
    reflectors = (0..<reflections).map { k in
      let u = Gaussian.vector(Element.self, count: spectrum.count, seed: seed, index: UInt64(k))
      return u.scaled(by: 1 / u.norm())
    }
  }

  var dimension: Int { spectrum.count }

  /// ‖H‖, the largest |λ|.
  var norm: Double { spectrum.map(\.magnitude).max() ?? 0 }

  /// The unit eigenvector of `spectrum[index]`.
  func eigenvector(_ index: Int) -> Tensor<Element> {
    rotated(Tensor((0..<dimension).map { $0 == index ? 1 : 0 }))
  }

  /// Q·x.
  func rotated(_ x: Tensor<Element>) -> Tensor<Element> {
    reflectors.reduce(x) { Self.reflected($0, $1) }
  }

  /// H·x.
  func product(_ x: Tensor<Element>) -> Tensor<Element> {
    rotated(diagonal * reflectors.reversed().reduce(x) { Self.reflected($0, $1) })
  }

  func value(_ point: Tensor<Element>) -> Double { point.dot(product(point)) / 2 }
  func gradient(_ point: Tensor<Element>) -> Tensor<Element> { product(point) }
  func hessianProduct(_ point: Tensor<Element>, _ direction: Tensor<Element>) -> Tensor<Element> {
    product(direction)
  }

  private static func reflected(_ x: Tensor<Element>, _ u: Tensor<Element>) -> Tensor<Element> {
    x.addingScaled(-2 * u.dot(x), u)
  }
}

/// f(x) = Σ aᵢxᵢ²/2 + cᵢxᵢ³/6: its Hessian diag(aᵢ + cᵢxᵢ) is Lipschitz with constant max|cᵢ| exactly.
struct CubicLoss: SmoothLoss {
  let quadratic: Tensor<Double>
  let cubic: Tensor<Double>

  var dimension: Int { quadratic.count }
  /// The Lipschitz constant of the Hessian.
  var hessianLipschitz: Double { cubic.elements.map(\.magnitude).max() ?? 0 }

  func value(_ x: Tensor<Double>) -> Double {
    let square = x * x
    return quadratic.dot(square) / 2 + cubic.dot(square * x) / 6
  }
  func gradient(_ x: Tensor<Double>) -> Tensor<Double> {
    quadratic * x + (cubic * (x * x)).scaled(by: 0.5)
  }
  func hessianProduct(_ x: Tensor<Double>, _ direction: Tensor<Double>) -> Tensor<Double> {
    (quadratic + cubic * x) * direction
  }
}

/// f(x) = Σ log cosh xᵢ: gradient tanh xᵢ, Hessian diag(1 − tanh²xᵢ).
///
/// (tanh)″ = −2 tanh(1 − tanh²) is at most 4/(3√3) in size, reached where tanh² = 1/3; that is the
/// Lipschitz constant of the Hessian. (tanh)‴ = −2(1 − t²)(1 − 3t²), t = tanh, is at most 2 in size.
struct LogCoshLoss: SmoothLoss {
  let dimension: Int

  static let hessianLipschitz = 4 / (3 * 3.0.squareRoot())
  static let thirdDerivativeOfGradient = 2.0

  func value(_ x: Tensor<Double>) -> Double {
    // log cosh x = |x| + log(1 + e^(−2|x|)) − log 2, which does not overflow.
    let size = x.map(.absolute)
    let tail = size.scaled(by: -2).map(.exp).zip(.add, scalar: 1).map(.log)
    return size.sum() + tail.sum() - Double(dimension) * ownLog(2)
  }
  func gradient(_ x: Tensor<Double>) -> Tensor<Double> { x.map(.tanh) }
  func hessianProduct(_ x: Tensor<Double>, _ direction: Tensor<Double>) -> Tensor<Double> {
    let t = x.map(.tanh)
    return direction - t * t * direction
  }
}

/// The package's own logarithm of one number: the same bits everywhere.
func ownLog(_ x: Double) -> Double { Tensor([x]).map(.log)[0] }

/// The package's own exponential of one number.
func exponential(_ x: Double) -> Double { Tensor([x]).map(.exp)[0] }

/// f(x, y) = (a x² + 2b xy + c y²)/2.
struct PlanarQuadratic: SmoothLoss {
  var a: Double
  var b: Double
  var c: Double

  var dimension: Int { 2 }
  func value(_ point: Tensor<Double>) -> Double { point.dot(gradient(point)) / 2 }
  func gradient(_ point: Tensor<Double>) -> Tensor<Double> {
    Tensor([a * point[0] + b * point[1], b * point[0] + c * point[1]])
  }
  func hessianProduct(_ point: Tensor<Double>, _ direction: Tensor<Double>) -> Tensor<Double> {
    gradient(direction)
  }
}
