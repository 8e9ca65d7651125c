import EscapementLAPACK
import EscapementDrawing
import EscapementCurvature
import EscapementKernels

// Extreme eigenvalues from the Lanczos process, with which the spectra of the papers are computed.

extension Claim {
  /// H15: the ends of a Lanczos spectrum.
  static let lanczosExtremes = Claim(
    id: "H15", kind: .paper, source: .supplement("§C"),
    quote:
      "the estimated spectral density calculated with the Lanczos algorithm can be used as an "
      + "approximate to the exact spectral density",
    statement:
      "The ends of the density of 100 Lanczos steps, which the papers take for λ_min and λ_max, approximate the extreme eigenvalues, "
      + "with PyHessian's arithmetic, which they use, as with this package's.",
    tier: .exact,
    leaf: .spectra, weight: .remark,
    nulls: .losing([.identityHessian]),
    refutedBy:
      "A fixed symmetric operator, well scaled and of more distinct eigenvalues than steps, whose extreme Ritz values, by either "
      + "arithmetic, leave the spectrum by more than rounding or stay short of its ends by more than Kuczyński and Woźniakowski's bound.",
    procedure:
      "100 steps of both processes on dense operators of dimension 200 with known spectra, against LAPACK: two well scaled ones, one of "
      + "scale 10⁻⁸ and a positive semidefinite one of rank 40; then on positive semidefinite operators that are drawn afresh at every "
      + "product. The first two decide; this package's process must hold on all four; where another fails, the condition names what fails it.",
    variant: "both processes: two-pass reorthogonalization in Double, and PyHessian's in Float",
    procedureVersion: 2
  ) { context in
    var evidence = Evidence()
    let n = LanczosTrial.dimension
    let even = (0..<n).map { -1 + 5 * Double($0) / Double(n - 1) }
    let bulk = (0..<(n - 3)).map { 0.1 * Double($0) / Double(n - 4) }
    let tiny = (1..<n).map { 1e-8 * Double($0 * $0) / Double(n * n) }
    let ranked = Array(repeating: 0.0, count: n - 40) + (1...40).map { Double($0) / 10 }
    // The known limit of PyHessian's arithmetic, if there is one. Its numbers then do not decide the claim but give the
    // condition.
    let operators: [(name: String, values: [Double], limit: String?)] = [
      ("evenly spaced -1 … 4", even, nil),
      ("bulk 0 … 0.1 with outliers -0.5, 5, 9", bulk + [-0.5, 5, 9], nil),
      (
        "scale 10⁻⁸, smallest -0.2·10⁻⁸", [-0.2e-8] + tiny,
        "the vectors' norms before they are normalised are far above the 10⁻⁶ that is added to them"
      ),
      (
        "positive semidefinite of rank 40", ranked,
        "the operator has more distinct eigenvalues than there are steps"
      ),
    ]
    var limits: [String] = []
    var lowest: Measurement?
    for (k, (name, values, limit)) in operators.enumerated() {
      let trial = try LanczosTrial(values, context, seed: context.seed &+ UInt64(k))
      evidence.atMost(
        "LAPACK against the constructed spectrum, \(name)", trial.oracleError,
        LanczosTrial.rounding(Double.self), because: "backward stability, 16·n·ε·‖H‖", .rounded)
      let ours = trial.gaps(of: trial.ours, Double.self)
      for (end, gap) in zip(LanczosTrial.ends, ours.values) {
        evidence.between(
          "\(end), \(name)", gap, ours.lower, ours.upper, because: LanczosTrial.reason, .rounded)
      }
      let peer = trial.gaps(of: trial.peer, Float.self)
      for (end, gap) in zip(LanczosTrial.ends, peer.values) {
        let label = "PyHessian's \(end), \(name)"
        if limit == nil {
          evidence.between(
            label, gap, peer.lower, peer.upper, because: LanczosTrial.releasedReason, .rounded)
        } else {
          evidence.observe(label, gap, because: "0 where the end is found", .rounded)
        }
      }
      guard let limit else { continue }
      if !peer.hold { limits.append(limit) }
      lowest = evidence.observe(
        "PyHessian's smallest Ritz value over the largest, \(name)", trial.peer.smallest / trial.peer.largest,
        because: "\(NumberText.short(values.min()! / values.max()!)) in truth")
    }
    var drifts = false
    var redrawn: [Measurement] = []
    for noise in [0.1, 0.3] {
      let found: [(name: String, ends: RitzExtremes, rounding: Double)] = [
        (
          "ours",
          try context.subject.ritzExtremes(
            of: redraw(context, noise), dimension: n, steps: 100, seed: context.seed),
          LanczosTrial.rounding(Double.self)
        ),
        (
          "PyHessian's",
          try context.subject.releasedRitzExtremes(
            of: redraw(context, noise), dimension: n, steps: 100, seed: context.seed),
          LanczosTrial.rounding(Float.self)
        ),
      ]
      for (name, ends, rounding) in found {
        if !(ends.smallest >= -rounding * ends.largest) { drifts = true }
        redrawn.append(
          evidence.observe(
            "\(name): smallest Ritz value over the largest, positive semidefinite operators redrawn with "
              + "\(NumberText.short(100 * noise)) % noise", ends.smallest / ends.largest,
            because: "none of the family has a negative eigenvalue"))
      }
    }
    var conditions = drifts ? ["the operator is the same at every product"] : []
    if !limits.isEmpty {
      conditions.append("in PyHessian's arithmetic: " + limits.joined(separator: ", and "))
    }
    return evidence.verdict(
      ifAllHold: conditions.isEmpty ? .supported : .conditional(conditions.joined(separator: "; ")),
      summary:
        "fixed operators: within the a-priori bound of their ends; smallest over largest where nothing is negative: "
        + "\(lowest?.valueText ?? "not measured") by PyHessian's arithmetic at rank 40, \(redrawn[0].valueText) by ours on operators "
        + "redrawn at each product")
  }

  /// Products with XᵀX, where X has 50 rows, and its entries get new relative noise at every product.
  private static func redraw<Element: Real>(
    _ context: ClaimContext, _ noise: Double
  ) -> (Tensor<Element>) throws -> Tensor<Element> {
    let (rows, n) = (50, LanczosTrial.dimension)
    let base = Gaussian.vector(Element.self, count: rows * n, seed: context.seed, index: 8000)
    var draw: UInt64 = 8001
    return { vector in
      let fresh = Gaussian.vector(Element.self, count: rows * n, seed: context.seed, index: draw)
      draw += 1
      let x = base.addingScaled(noise, fresh)
      var product = Tensor<Element>.zeros([n])
      for row in 0..<rows {
        let sample = x.view(at: row * n, shape: [n])
        product.addProduct(sample.dot(vector) / Double(rows), sample)
      }
      return product
    }
  }
}

/// Both processes on one fixed operator with a known spectrum, and LAPACK's result.
private struct LanczosTrial {
  static let dimension = 200
  static let ends = ["(θ_min − λ_min)/(λ_max − λ_min)", "(λ_max − θ_max)/(λ_max − λ_min)"]
  static let reason =
    "Ritz values lie inside the spectrum; relative gap of Kuczyński and Woźniakowski (1992) at failure "
    + "probability 10⁻⁶, plus 16·n·ε"
  static let releasedReason =
    "the same gap, for the eigenvectors are turned by three random reflections; 16·n·ε of Float, which is above the 5·10⁻⁵ that 10⁻⁶ "
    + "takes off a vector normalized from a norm of 0.02 or more"

  let ours: RitzExtremes
  let peer: RitzExtremes
  /// The largest difference between LAPACK's and the constructed eigenvalues, over ‖H‖.
  let oracleError: Double
  private let exact: [Double]
  private let norm: Double

  init(_ values: [Double], _ context: ClaimContext, seed: UInt64) throws {
    let n = Self.dimension
    let loss = KnownQuadratic<Double>(spectrum: values, reflections: 3, seed: seed)
    let single = KnownQuadratic<Float>(spectrum: values, reflections: 3, seed: seed)
    ours = try context.subject.ritzExtremes(
      of: loss.product, dimension: n, steps: 100, seed: context.seed)
    peer = try context.subject.releasedRitzExtremes(
      of: single.product, dimension: n, steps: 100, seed: context.seed)
    let rows = (0..<n).flatMap { i in
      loss.product(Tensor((0..<n).map { $0 == i ? 1.0 : 0 })).elements
    }
    exact = try ExactSpectrum(of: Tensor(rows, shape: [n, n])).values
    norm = loss.norm
    oracleError = zip(exact, values.sorted()).map { ($0 - $1).magnitude }.reduce(0, Worst.of) / norm
  }

  /// The backward error of a dense eigen-solver and of 100 products, over ‖H‖: n·ε each, times a modest factor.
  static func rounding<Element: Real>(_ type: Element.Type) -> Double {
    16 * Double(dimension) * Double(Element.ulpOfOne)
  }

  /// The distance by which both computed ends lie inside the spectrum, over its length, and the bound from the
  /// arithmetic.
  func gaps<Element: Real>(
    of ritz: RitzExtremes, _ type: Element.Type
  ) -> (values: [Double], lower: Double, upper: Double, hold: Bool) {
    let spread = exact[exact.count - 1] - exact[0]
    let rounding = Self.rounding(type) * norm / spread
    let bound = KrylovProbabilityBound(steps: 100, dimension: Self.dimension, failureProbability: 1e-6)
    let values = [(ritz.smallest - exact[0]) / spread, (exact[exact.count - 1] - ritz.largest) / spread]
    let (lower, upper) = (-rounding, bound.relativeGap + rounding)
    return (values, lower, upper, values.allSatisfy { $0 >= lower && $0 <= upper })
  }
}
