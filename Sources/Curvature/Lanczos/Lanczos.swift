import EscapementKernels
import EscapementRandomness

/// Why a Lanczos run could not go on.
public enum LanczosError: Error, Equatable, CustomStringConvertible {
  /// A product, or a scalar made of it, is infinite or NaN at this step (1-based).
  case nonFinite(step: Int)
  /// The start vector is zero or not finite.
  case unusableStart

  /// One line for people.
  public var description: String {
    switch self {
    case .nonFinite(let step): "Lanczos: the operator's product at step \(step) is not finite"
    case .unusableStart: "Lanczos: the start vector is zero or not finite"
    }
  }
}

/// The Lanczos process with full reorthogonalization: AV = VT + residual, V orthonormal, T tridiagonal.
///
/// Vectors are in the operator's type; α, β and the orthogonalization coefficients are in Double. Each
/// new vector is orthogonalized against *all* earlier ones by modified Gram–Schmidt, twice: twice is
/// enough (Kahan; Parlett, The Symmetric Eigenvalue Problem, ch. 6), once is not when a vector loses
/// almost all its length. β is the norm *after* that, and the division by it is exact up to
/// one rounding an element: nothing is added to it.
public struct Lanczos: Sendable {
  /// What to do when β falls to rounding level: the Krylov space is exhausted.
  public enum Breakdown: String, Hashable, Sendable {
    /// Stop: T then holds eigenvalues of the operator up to rounding.
    case stop
    /// Go on with a fresh random vector orthogonal to all earlier ones, and β = 0.
    case restart
    /// Never test. The direction of the remainder is rounding noise, and it is followed all the same;
    /// only a β of exactly 0 takes a fresh random vector.
    case proceed
  }

  /// Steps wanted; never more than the operator's dimension are taken.
  public var steps: Int
  /// Seed of the Gaussian start vector and of fresh vectors.
  public var seed: UInt64
  /// Which of the seed's start vectors, below 2²⁴.
  public var probe: UInt64
  /// What to do on breakdown.
  public var breakdown: Breakdown
  /// c in β < c·√n·ε·‖T‖_∞, the test for breakdown; ε is the element type's distance from 1 to the
  /// next number.
  ///
  /// The default 1 comes from the size of rounding noise in a remainder that should vanish: a product of
  /// n terms has n roundings of random sign on partial sums that grow to the result, about √(n/2)·u·‖H‖;
  /// two passes over k ≤ n vectors add √(2k)·u·‖H‖; in quadrature √(5n/2)·u = 0.79·√n·ε. The first
  /// remainder that should vanish is larger by about ‖T‖/β of the step before, so a run may end a step or
  /// a few late; with V orthonormal that costs nothing but the products.
  public var breakdownFactor: Double
  /// Gram–Schmidt passes. Two are right; one exists so that tests can show why.
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

  /// What `onStep` is told after each step.
  public struct Progress: Hashable, Sendable {
    /// Steps done, from 1.
    public let step: Int
    /// Steps that will be taken at most.
    public let steps: Int
    /// The step's diagonal entry.
    public let alpha: Double
    /// The norm of what remained.
    public let beta: Double
  }

  /// The seed's Gaussian start vector of length n, not normalized.
  public func startVector<Element: Real>(_ type: Element.Type, dimension: Int) -> Tensor<Element> {
    gaussian(RandomStream(seed: seed, purpose: .probe, index: probe), dimension)
  }

  /// Runs the process on `map`, from `start` or else from the Gaussian start vector.
  ///
  /// `onStep` sees each step; what it throws ends the run and is rethrown, which is how to cancel.
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
  /// Each element divided by `length` in Double and rounded once: the scalar is not rounded to the
  /// element type first, so a normalized Float vector has length 1 to far better than one ulp.
  func divided(by length: Double) -> Tensor {
    converted(to: Double.self).zip(.divide, scalar: length).converted(to: Element.self)
  }
}
