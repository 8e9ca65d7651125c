import EscapementKernels
import EscapementRandomness

/// Why a Lanczos run could not continue.
public enum LanczosError: Error, Equatable, CustomStringConvertible {
  /// A product, or a scalar computed from it, is infinite or NaN at this step (1-based).
  case nonFinite(step: Int)
  /// The start vector is zero or not finite.
  case unusableStart

  /// A one-line message.
  public var description: String {
    switch self {
    case .nonFinite(let step): "Lanczos: the operator's product at step \(step) is not finite"
    case .unusableStart: "Lanczos: the start vector is zero or not finite"
    }
  }
}

/// The Lanczos process with full reorthogonalization: AV = VT + residual, V orthonormal, T tridiagonal.
///
/// Vectors are in the operator's type; α, β and the orthogonalization coefficients are in Double. Each new vector is
/// orthogonalized against *all* earlier ones by modified Gram–Schmidt, twice. Two passes are enough (Kahan; Parlett,
/// The Symmetric Eigenvalue Problem, ch. 6); one pass is not when a vector loses almost all its length. β is the norm
/// *after* that, and the division by it is exact up to one rounding per element: nothing is added to β.
public struct Lanczos: Sendable {
  /// What to do when β falls to rounding level, which means that the Krylov space is exhausted.
  public enum Breakdown: String, Hashable, Sendable {
    /// Stop: T then contains eigenvalues of the operator up to rounding.
    case stop
    /// Continue with a new random vector orthogonal to all earlier ones, and β = 0.
    case restart
    /// Do not test. The process continues with the direction of the remainder although it is rounding noise; only a β
    /// of exactly 0 leads to a new random vector.
    case proceed
  }

  /// The requested number of steps; at most as many as the operator's dimension are taken.
  public var steps: Int
  /// Seed of the Gaussian start vector and of new random vectors.
  public var seed: UInt64
  /// The number of the start vector for this seed, below 2²⁴.
  public var probe: UInt64
  /// What to do on breakdown.
  public var breakdown: Breakdown
  /// c in β < c·√n·ε·‖T‖_∞, the test for breakdown; ε is the element type's distance from 1 to the
  /// next number.
  ///
  /// The default 1 follows from the size of rounding noise in a remainder that is zero in exact arithmetic. A product
  /// of n terms has n roundings of random sign on partial sums that grow to the result, about √(n/2)·u·‖H‖; two passes
  /// over k ≤ n vectors add √(2k)·u·‖H‖; in quadrature the sum is √(5n/2)·u = 0.79·√n·ε. The first remainder that
  /// should be zero is larger by about ‖T‖/β of the step before, so a run may end one or a few steps late. Since V is
  /// orthonormal, this costs only the products.
  public var breakdownFactor: Double
  /// The number of Gram–Schmidt passes. Two is correct; one exists only for tests that show why two are needed.
  package var reorthogonalizationPasses = 2

  /// A process of `steps` steps from the seed's start vector number `probe`.
  public init(
    steps: Int, seed: UInt64, probe: UInt64 = 0, breakdown: Breakdown = .stop, breakdownFactor: Double = 1
  ) {
    precondition(steps > 0, "Lanczos needs at least one step, got \(steps)")
    precondition(probe >> 24 == 0, "the probe must be below 2^24, got \(probe)")
    precondition(breakdownFactor > 0, "the breakdown factor must be positive, got \(breakdownFactor)")
    self.steps = steps
    self.seed = seed
    self.probe = probe
    self.breakdown = breakdown
    self.breakdownFactor = breakdownFactor
  }

  /// The argument of `onStep`, which is called after each step.
  public struct Progress: Hashable, Sendable {
    /// The number of steps taken, from 1.
    public let step: Int
    /// The largest number of steps that will be taken.
    public let steps: Int
    /// The step's diagonal entry.
    public let alpha: Double
    /// The norm of the remainder.
    public let beta: Double
  }

  /// The seed's Gaussian start vector of length n, not normalized.
  public func startVector<Element: Real>(_ type: Element.Type, dimension: Int) -> Tensor<Element> {
    gaussian(RandomStream(seed: seed, purpose: .probe, index: probe), dimension)
  }

  /// Runs the process on `map`, from `start` or, if it is nil, from the Gaussian start vector.
  ///
  /// `onStep` is called after each step; an error that it throws ends the run and is rethrown, which is the way to
  /// cancel.
  public func decompose<Operator: SymmetricOperator>(
    _ map: Operator, start: Tensor<Operator.Element>? = nil,
    onStep: (Progress) throws -> Void = { _ in }
  ) throws -> KrylovDecomposition<Operator.Element> {
    let n = map.dimension
    precondition(n > 0, "Lanczos needs an operator of dimension 1 or more, got \(n)")
    let first = start ?? startVector(Operator.Element.self, dimension: n)
    precondition(first.count == n, "a start vector of \(first.count) for an operator of \(n)")
    let length = first.norm()
    guard length > 0, length.isFinite else { throw LanczosError.unusableStart }

    let limit = min(steps, n)
    let noise = breakdownFactor * Double(n).squareRoot() * Double(Operator.Element.ulpOfOne)
    var basis = [first.divided(by: length)]
    var alpha: [Double] = []
    var beta: [Double] = []
    var normOfT = 0.0
    var end = KrylovDecomposition<Operator.Element>.End.steps
    while true {
      let v = basis[alpha.count]
      var w = try map.product(v)
      precondition(w.count == n, "a product of \(w.count) entries from an operator of \(n)")
      let a = w.dot(v)
      w.addProduct(-a, v)
      if let b = beta.last { w.addProduct(-b, basis[alpha.count - 1]) }
      w.orthogonalize(against: basis, passes: reorthogonalizationPasses)
      var b = w.norm()
      guard a.isFinite, b.isFinite else { throw LanczosError.nonFinite(step: alpha.count + 1) }
      alpha.append(a)
      normOfT = max(normOfT, (beta.last ?? 0) + a.magnitude + b)
      let broken = !(b > noise * normOfT)
      if broken && breakdown == .restart { b = 0 }
      beta.append(b)
      try onStep(Progress(step: alpha.count, steps: limit, alpha: a, beta: b))
      if broken && breakdown == .stop {
        end = .invariantSubspace
        break
      }
      if alpha.count == limit { break }
      basis.append(b > 0 ? w.divided(by: b) : freshVector(orthogonalTo: basis))
    }
    return KrylovDecomposition(alpha: alpha, beta: beta, basis: basis, startNorm: length, end: end)
  }

  private func freshVector<Element: Real>(orthogonalTo basis: [Tensor<Element>]) -> Tensor<Element> {
    // One stream for each probe (below 2²⁴) and step (below 2³²).
    let stream = RandomStream(seed: seed, purpose: .direction, index: probe << 32 | UInt64(basis.count))
    var w: Tensor<Element> = gaussian(stream, basis[0].count)
    w.orthogonalize(against: basis, passes: reorthogonalizationPasses)
    return w.divided(by: w.norm())
  }

  private func gaussian<Element: Real>(_ stream: RandomStream, _ count: Int) -> Tensor<Element> {
    Tensor(shape: [count]) { stream.fillNormals(type: Element.kernelType, count: count, into: $0) }
  }
}

extension Tensor {
  /// Each element divided by `length` in Double and rounded once. The scalar is not rounded to the element type first,
  /// so the length of a normalized Float vector is 1 to far better than one ulp.
  func divided(by length: Double) -> Tensor {
    converted(to: Double.self).zip(.divide, scalar: length).converted(to: Element.self)
  }
}
