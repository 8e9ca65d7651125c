import EscapementKernels
import EscapementRandomness

/// Why a LOBPCG run could not continue.
public enum LOBPCGError: Error, Equatable, CustomStringConvertible {
  /// A product is infinite or NaN in this iteration (0 means the start block).
  case nonFinite(iteration: Int)

  /// A one-line message.
  public var description: String {
    switch self {
    case .nonFinite(let iteration): "LOBPCG: the operator's product at iteration \(iteration) is not finite"
    }
  }
}

/// The smallest eigenvalue of a symmetric operator by the locally optimal block preconditioned conjugate gradient
/// method. It is an independent check of Lanczos: it shares no recurrence, start vector or projected eigensolver with
/// it.
///
/// Each iteration minimizes the Rayleigh quotient over the span of the block X, its residuals W = AX − XΘ and the last
/// step P (Knyazev, SIAM J. Sci. Comput. 23, 2001), without preconditioner. The basis [X P W] is kept orthonormal: W by
/// projection (two or three passes; a vector is dropped if nothing new remains), X and P by choosing P's coefficients
/// orthogonal to X's (Hetmaniuk and Lehoucq, J. Comput. Phys. 218, 2006). AX and AP then follow by rotations, and only
/// AW needs products.
///
/// It stops when ‖Ax − θx‖ ≤ `tolerance`·ν for the smallest pair, with ν the largest |Ritz value| found so far (a lower
/// bound on ‖A‖), when no residual adds a direction, or after `iterations`. In each case the result is certified by a
/// separate product.
public struct LOBPCG: Sendable {
  /// The number of vectors in the block. The first is the result. The others hold the next eigenvalues, so that
  /// convergence depends on the gap to the first eigenvalue after the block.
  public var blockSize: Int
  /// The largest number of iterations, each with `blockSize` products.
  public var iterations: Int
  /// The requested residual, relative to ν. nil means √ε of the element type, for which an eigenvalue has an error of
  /// order ε·‖A‖²/gap.
  public var tolerance: Double?
  /// Seed of the Gaussian start block.
  public var seed: UInt64

  /// A run. Blocks have 1 to 4 vectors. The defaults, 4 vectors, at most 500 iterations and √ε, are this package's
  /// choices.
  public init(blockSize: Int = 4, iterations: Int = 500, tolerance: Double? = nil, seed: UInt64) {
    precondition((1...4).contains(blockSize), "a block of 1 to 4 vectors, got \(blockSize)")
    precondition(iterations > 0, "LOBPCG needs at least one iteration, got \(iterations)")
    precondition(tolerance.map { $0 > 0 } ?? true, "the tolerance must be positive, got \(tolerance ?? 0)")
    self.blockSize = blockSize
    self.iterations = iterations
    self.tolerance = tolerance
    self.seed = seed
  }

  /// The result of a run.
  public struct Result<Element: Real>: Sendable {
    /// The unit vector of the smallest Rayleigh quotient.
    public let vector: Tensor<Element>
    /// Its quotient and residual, measured by a separate product.
    public let certificate: EigenpairCertificate
    /// All of the block's Ritz values, ascending.
    public let ritzValues: [Double]
    /// The number of iterations.
    public let iterations: Int
    /// Whether the requested residual was reached.
    public let converged: Bool
    /// The number of products, including that of the certificate.
    public let products: Int
  }

  /// Finds the smallest eigenvalue of `map`, certified by a product of `map` itself.
  public func smallest<Operator: SymmetricOperator>(
    of map: Operator
  ) throws -> Result<Operator.Element> { try smallest(of: map, measuredBy: map) }

  /// The same, certified by another operator for the same matrix: iterations in Float, certificate in Double.
  public func smallest<Operator: SymmetricOperator, Measure: SymmetricOperator>(
    of map: Operator, measuredBy measure: Measure
  ) throws -> Result<Operator.Element> {
    precondition(
      map.dimension > 0 && measure.dimension == map.dimension,
      "an operator of dimension \(map.dimension) measured by one of \(measure.dimension)")
    var block = try Block(map, vectors: min(blockSize, map.dimension), seed: seed)
    let wanted = tolerance ?? Double(Operator.Element.ulpOfOne).squareRoot()
    var taken = 0
    while taken < iterations && !(block.residualNorm <= wanted * block.norm) {
      guard try block.advance(map, iteration: taken + 1) else { break }
      taken += 1
    }
    guard
      let certificate = try EigenpairCertificate(
        block.x[0].vector.converted(to: Measure.Element.self), measuredBy: measure, norm: block.norm)
    else { throw LOBPCGError.nonFinite(iteration: taken) }
    return Result(
      vector: block.x[0].vector, certificate: certificate, ritzValues: block.ritzValues, iterations: taken,
      converged: block.residualNorm <= wanted * block.norm, products: block.products + 1)
  }
}

/// A vector with its product.
private struct Direction<Element: Real> {
  var vector: Tensor<Element>
  var product: Tensor<Element>

  init(_ vector: Tensor<Element>, product: Tensor<Element>) {
    self.vector = vector
    self.product = product
  }

  /// Σ cᵢ·(sᵢ, Asᵢ), summed in Double and rounded once.
  init(_ coefficients: [Double], _ basis: [Direction]) {
    func sum(_ part: (Direction) -> Tensor<Element>) -> Tensor<Element> {
      var sum = Tensor<Double>.zeros(part(basis[0]).shape)
      for (c, s) in zip(coefficients, basis) { sum.addProduct(c, part(s).converted(to: Double.self)) }
      return sum.converted(to: Element.self)
    }
    self.init(sum(\.vector), product: sum(\.product))
  }
}

/// The state between two iterations: X, P and the values derived from them.
private struct Block<Element: Real> {
  private(set) var x: [Direction<Element>]
  private var p: [Direction<Element>] = []
  private(set) var ritzValues: [Double] = []
  private(set) var norm = 0.0
  private(set) var products = 0

  init<Operator: SymmetricOperator<Element>>(_ map: Operator, vectors: Int, seed: UInt64) throws {
    var start: [Direction<Element>] = []
    x = []
    for i in 0..<vectors {
      // Probe numbers of start vectors are below 2²⁴, so no method with probes uses the same numbers as this block.
      let stream = RandomStream(seed: seed, purpose: .probe, index: 1 << 40 | UInt64(i))
      let gaussian = Tensor<Element>(shape: [map.dimension]) {
        stream.fillNormals(type: Element.kernelType, count: map.dimension, into: $0)
      }
      guard let unit = Self.unit(gaussian, orthogonalTo: start) else { continue }
      try add(unit, map, to: &start, iteration: 0)
    }
    x = start
    project(start)
  }

  /// The residual Ax − θx of a Ritz pair.
  private func residual(_ j: Int) -> Tensor<Element> {
    x[j].product.addingScaled(-ritzValues[j], x[j].vector)
  }

  /// The norm of the smallest pair's residual.
  var residualNorm: Double { residual(0).norm() }

  /// One iteration; returns false if no residual adds a direction.
  mutating func advance<Operator: SymmetricOperator<Element>>(_ map: Operator, iteration: Int) throws -> Bool
  {
    var basis = x + p
    let before = basis.count
    for j in x.indices {
      guard let w = Self.unit(residual(j), orthogonalTo: basis) else { continue }
      try add(w, map, to: &basis, iteration: iteration)
    }
    guard basis.count > before else { return false }
    project(basis)
    return true
  }

  private mutating func add<Operator: SymmetricOperator<Element>>(
    _ vector: Tensor<Element>, _ map: Operator, to basis: inout [Direction<Element>], iteration: Int
  ) throws {
    let product = try map.product(vector)
    precondition(product.count == map.dimension, "a product of \(product.count) from \(map.dimension)")
    products += 1
    guard product.norm().isFinite else { throw LOBPCGError.nonFinite(iteration: iteration) }
    basis.append(Direction(vector, product: product))
  }

  /// Rayleigh–Ritz over an orthonormal basis that begins with X: the new X and P.
  private mutating func project(_ basis: [Direction<Element>]) {
    let gram = basis.indices.map { i in
      basis.indices.map { j in j < i ? 0 : basis[i].vector.dot(basis[j].product) }
    }
    let eigen = JacobiEigen(gram)
    let width = x.count
    let chosen = Array(eigen.vectors[0..<width])
    // The part of the step outside the old X, made orthogonal to the new X and to itself, in coefficients.
    var steps: [[Double]] = []
    for c in chosen {
      let tail = (0..<basis.count).map { $0 < width ? 0 : c[$0] }
      if let step = Self.unit(tail, orthogonalTo: chosen + steps) { steps.append(step) }
    }
    let next = Self.straightened((chosen + steps).map { Direction($0, basis) })
    x = Array(next[0..<width])
    p = Array(next[width...])
    ritzValues = Array(eigen.values[0..<width])
    norm = eigen.values.reduce(norm) { max($0, $1.magnitude) }
  }

  /// Removes one iteration's rounding from directions that are otherwise orthonormal, and updates their products.
  /// Without this the error would grow from iteration to iteration.
  private static func straightened(_ directions: [Direction<Element>]) -> [Direction<Element>] {
    var result: [Direction<Element>] = []
    for var d in directions {
      for s in result {
        let along = s.vector.dot(d.vector)
        d.vector.addProduct(-along, s.vector)
        d.product.addProduct(-along, s.product)
      }
      let length = d.vector.norm()
      result.append(Direction(d.vector.divided(by: length), product: d.product.divided(by: length)))
    }
    return result
  }

  /// `vector` without its component in the span, with length 1; nil if only rounding remains.
  ///
  /// If a second pass keeps half the length, the remainder is orthogonal to working accuracy; if neither the second nor
  /// a third does, the vector lies in the span.
  private static func unit(
    _ vector: Tensor<Element>, orthogonalTo basis: [Direction<Element>]
  ) -> Tensor<Element>? {
    var length = vector.norm()
    guard length > 0, length.isFinite else { return nil }
    var w = vector.divided(by: length)
    for pass in 1...3 {
      for s in basis { w.addProduct(-s.vector.dot(w), s.vector) }
      let left = w.norm()
      if pass > 1 && left > 0.5 * length { return w.divided(by: left) }
      length = left
    }
    return nil
  }

  /// The same in coefficients.
  private static func unit(_ vector: [Double], orthogonalTo others: [[Double]]) -> [Double]? {
    func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    var w = vector
    var length = dot(w, w).squareRoot()
    for _ in 0..<3 {
      for s in others {
        let c = dot(s, w)
        for i in w.indices { w[i] -= c * s[i] }
      }
      let left = dot(w, w).squareRoot()
      if left > 0.5 * length, left > 0 { return w.map { $0 / left } }
      length = left
    }
    return nil
  }
}
