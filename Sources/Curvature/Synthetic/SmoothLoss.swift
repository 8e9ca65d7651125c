import EscapementKernels

/// A loss with a known gradient and Hessian that is cheap to evaluate.
package protocol SmoothLoss<Element>: Sendable {
  associatedtype Element: Real
  var dimension: Int { get }
  func value(_ point: Tensor<Element>) -> Double
  func gradient(_ point: Tensor<Element>) -> Tensor<Element>
  /// H(point)·direction.
  func hessianProduct(_ point: Tensor<Element>, _ direction: Tensor<Element>) -> Tensor<Element>
}

/// f(x) = ½ xᵀHx, H = QΛQᵀ with a chosen spectrum Λ.
///
/// Q is a product of Householder reflections along seeded Gaussian directions, so the eigenvectors Q eᵢ are known by
/// construction, without an eigensolver.
package struct KnownQuadratic<Element: Real>: SmoothLoss {
  /// Λ, in the order of the eigenvectors.
  package let spectrum: [Double]
  private let diagonal: Tensor<Element>
  private let reflectors: [Tensor<Element>]

  /// A quadratic with the given spectrum; without reflections Q is the identity.
  package init(spectrum: [Double], reflections: Int, seed: UInt64) {
    self.spectrum = spectrum
    diagonal = Tensor(spectrum.map { Element(rounding: $0) })
    reflectors = (0..<reflections).map { k in
      let u = Gaussian.vector(Element.self, count: spectrum.count, seed: seed, index: UInt64(k))
      return u.scaled(by: 1 / u.norm())
    }
  }

  package var dimension: Int { spectrum.count }

  /// ‖H‖, the largest |λ|.
  package var norm: Double { spectrum.map(\.magnitude).max() ?? 0 }

  /// The unit eigenvector of `spectrum[index]`.
  package func eigenvector(_ index: Int) -> Tensor<Element> {
    rotated(Tensor((0..<dimension).map { $0 == index ? 1 : 0 }))
  }

  /// Q·x.
  package func rotated(_ x: Tensor<Element>) -> Tensor<Element> {
    reflectors.reduce(x) { Self.reflected($0, $1) }
  }

  /// H·x.
  package func product(_ x: Tensor<Element>) -> Tensor<Element> {
    rotated(diagonal * reflectors.reversed().reduce(x) { Self.reflected($0, $1) })
  }

  package func value(_ point: Tensor<Element>) -> Double { point.dot(product(point)) / 2 }
  package func gradient(_ point: Tensor<Element>) -> Tensor<Element> { product(point) }
  package func hessianProduct(_ point: Tensor<Element>, _ direction: Tensor<Element>) -> Tensor<Element> {
    product(direction)
  }

  private static func reflected(_ x: Tensor<Element>, _ u: Tensor<Element>) -> Tensor<Element> {
    x.addingScaled(-2 * u.dot(x), u)
  }
}

/// f(x) = Σ aᵢxᵢ²/2 + cᵢxᵢ³/6: its Hessian diag(aᵢ + cᵢxᵢ) has the Lipschitz constant max|cᵢ| exactly.
package struct CubicLoss: SmoothLoss {
  package let quadratic: Tensor<Double>
  package let cubic: Tensor<Double>

  package init(quadratic: Tensor<Double>, cubic: Tensor<Double>) {
    self.quadratic = quadratic
    self.cubic = cubic
  }

  package var dimension: Int { quadratic.count }
  /// The Lipschitz constant of the Hessian.
  package var hessianLipschitz: Double { cubic.elements.map(\.magnitude).max() ?? 0 }

  package func value(_ x: Tensor<Double>) -> Double {
    let square = x * x
    return quadratic.dot(square) / 2 + cubic.dot(square * x) / 6
  }
  package func gradient(_ x: Tensor<Double>) -> Tensor<Double> {
    quadratic * x + (cubic * (x * x)).scaled(by: 0.5)
  }
  package func hessianProduct(_ x: Tensor<Double>, _ direction: Tensor<Double>) -> Tensor<Double> {
    (quadratic + cubic * x) * direction
  }
}

/// f(x) = Σ log cosh xᵢ: gradient tanh xᵢ, Hessian diag(1 − tanh²xᵢ).
///
/// |(tanh)″| = |−2 tanh(1 − tanh²)| is at most 4/(3√3), reached where tanh² = 1/3; that is the Lipschitz constant of
/// the Hessian. |(tanh)‴| = |−2(1 − t²)(1 − 3t²)|, t = tanh, is at most 2.
package struct LogCoshLoss: SmoothLoss {
  package let dimension: Int

  package init(dimension: Int) {
    self.dimension = dimension
  }

  package static let hessianLipschitz = 4 / (3 * 3.0.squareRoot())
  package static let thirdDerivativeOfGradient = 2.0

  package func value(_ x: Tensor<Double>) -> Double {
    // log cosh x = |x| + log(1 + e^(−2|x|)) − log 2, which does not overflow.
    let size = x.map(.absolute)
    let tail = size.scaled(by: -2).map(.exp).zip(.add, scalar: 1).map(.log)
    return size.sum() + tail.sum() - Double(dimension) * ownLog(2)
  }
  package func gradient(_ x: Tensor<Double>) -> Tensor<Double> { x.map(.tanh) }
  package func hessianProduct(_ x: Tensor<Double>, _ direction: Tensor<Double>) -> Tensor<Double> {
    let t = x.map(.tanh)
    return direction - t * t * direction
  }
}

/// f(x, y) = (a x² + 2b xy + c y²)/2.
package struct PlanarQuadratic: SmoothLoss {
  package var a: Double
  package var b: Double
  package var c: Double

  package init(a: Double, b: Double, c: Double) {
    self.a = a
    self.b = b
    self.c = c
  }

  package var dimension: Int { 2 }
  package func value(_ point: Tensor<Double>) -> Double { point.dot(gradient(point)) / 2 }
  package func gradient(_ point: Tensor<Double>) -> Tensor<Double> {
    Tensor([a * point[0] + b * point[1], b * point[0] + c * point[1]])
  }
  package func hessianProduct(_ point: Tensor<Double>, _ direction: Tensor<Double>) -> Tensor<Double> {
    gradient(direction)
  }
}
