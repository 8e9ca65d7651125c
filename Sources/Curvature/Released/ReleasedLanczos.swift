import EscapementKernels
import EscapementRandomness

/// The Lanczos process of the papers' released code (PyHessian's), step by step, with its weaknesses.
///
/// It exists beside `Lanczos` so that both can be run on the same operator. The start is a vector of ±1 and every
/// normalization divides by ‖w‖ + 1e-6. β is ‖w‖ *before* w is orthogonalized against the earlier vectors, once, by
/// modified Gram–Schmidt. Only β = 0 exactly is treated as a breakdown and leads to a new Gaussian vector. There is no
/// test of convergence, and steps continue beyond the operator's dimension. (PyHessian: hessian.py, `density`;
/// utils.py, `orthnormal` and `normalization`. Rows C2 and H1 of Documentation/Discrepancies.md.)
///
/// Same as in the released code: vectors and every scalar are in the operator's type (Float, for the released code); a
/// multiple is rounded before it is added; ‖w‖ + 1e-6 is in Double and rounded for the division. Different here: inner
/// products are sums in 32 Double lanes rounded once, while torch sums tensor by tensor in Float in its own order;
/// random numbers are this package's; division is true division, as in torch on a CPU. A product that is not finite
/// throws, while the released code would continue with NaN.
public struct ReleasedLanczos: Sendable {
  /// The number of steps; the released scripts use 100.
  public var steps: Int
  /// Seed of the start vector and of new random vectors.
  public var seed: UInt64
  /// The number of the start vector for this seed, below 2²⁴; the released scripts use one.
  public var probe: UInt64

  /// A process of `steps` steps.
  public init(steps: Int = 100, seed: UInt64, probe: UInt64 = 0) {
    precondition(steps > 0 && steps < 256, "1 to 255 steps, got \(steps)")
    precondition(probe >> 24 == 0, "the probe must be below 2^24, got \(probe)")
    self.steps = steps
    self.seed = seed
    self.probe = probe
  }

  /// Runs the process on `map`, with one product per step.
  ///
  /// In the result, `basis` is the basis that the process computed, which need not be orthonormal, and T's β are those
  /// described above. The last β, which the released code does not compute, is ‖w‖ after the last step.
  public func decompose<Operator: SymmetricOperator>(
    _ map: Operator, onStep: (Lanczos.Progress) throws -> Void = { _ in }
  ) throws -> KrylovDecomposition<Operator.Element> {
    typealias Element = Operator.Element
    let n = map.dimension
    precondition(n > 0, "Lanczos needs an operator of dimension 1 or more, got \(n)")
    let start = ProbeFamily.releasedStart.rademacher(Element.self, n, seed: seed, index: probe)
    var basis = [start.releasedNormalized()]
    var alpha: [Double] = []
    var beta: [Double] = []
    while true {
      let v = basis[alpha.count]
      let hv = try map.product(v)
      precondition(hv.count == n, "a product of \(hv.count) entries from an operator of \(n)")
      let a = hv.releasedDot(v)
      var w = hv.addingScaled(-a, v)
      if let b = beta.last { w = w.addingScaled(-b, basis[alpha.count - 1]) }
      let b = w.releasedNorm()
      guard a.isFinite, b.isFinite else { throw LanczosError.nonFinite(step: alpha.count + 1) }
      alpha.append(a)
      beta.append(b)
      try onStep(Lanczos.Progress(step: alpha.count, steps: steps, alpha: a, beta: b))
      if alpha.count == steps { break }
      if b == 0 {
        w = ProbeFamily.releasedFresh.gaussian(
          Element.self, n, seed: seed, index: probe << 8 | UInt64(basis.count))
      }
      for earlier in basis { w = w.addingScaled(-w.releasedDot(earlier), earlier) }
      basis.append(w.releasedNormalized())
    }
    return KrylovDecomposition(
      alpha: alpha, beta: beta, basis: basis, startNorm: start.norm(), end: .steps)
  }
}

extension Tensor {
  /// ⟨self, other⟩ rounded to the element type.
  func releasedDot(_ other: Tensor) -> Double { Double(Element(rounding: dot(other))) }

  /// √⟨self, self⟩, both rounded to the element type.
  func releasedNorm() -> Double { Double(Element(rounding: releasedDot(self).squareRoot())) }

  /// self / (‖self‖ + 1e-6).
  func releasedNormalized() -> Tensor { zip(.divide, scalar: releasedNorm() + 1e-6) }
}
