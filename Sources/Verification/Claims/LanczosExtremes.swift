import Curvature
import Kernels

// Extreme eigenvalues from the Lanczos process, as the spectra of the papers are made.

extension Claim {
  /// H15: the ends of a Lanczos spectrum.
  static let lanczosExtremes = Claim(
    id: "H15", kind: .paper, source: .supplement("§C"),
    quote:
      "the estimated spectral density calculated with the Lanczos algorithm can be used as an "
      + "approximate to the exact spectral density",
    statement:
      "The extreme Ritz values of 100 Lanczos steps approximate the extreme eigenvalues of the Hessian.",
    tier: .exact,
    leaf: .spectra, weight: .remark,
    nulls: .losing([.identityHessian]),
    refutedBy:
      "A fixed symmetric operator whose extreme Ritz values leave the spectrum or stay short of its ends by more "
      + "than Kuczyński and Woźniakowski's bound.",
    procedure:
      "100 steps on dense operators of dimension 200 with known spectra, against LAPACK; then on a family of "
      + "positive semidefinite operators that is drawn afresh at every product.",
    variant: "full reorthogonalisation, Gaussian start"
  ) { context in
    var evidence = Evidence()
    let n = 200
    let even = (0..<n).map { -1 + 5 * Double($0) / Double(n - 1) }
    let bulk = (0..<(n - 3)).map { 0.1 * Double($0) / Double(n - 4) }
    let tiny = (1..<n).map { 1e-8 * Double($0 * $0) / Double(n * n) }
    let spectra: [(name: String, values: [Double])] = [
      ("evenly spaced -1 … 4", even), ("bulk 0 … 0.1 with outliers -0.5, 5, 9", bulk + [-0.5, 5, 9]),
      ("scale 10⁻⁸, smallest -0.2·10⁻⁸", [-0.2e-8] + tiny),
    ]
    let bound = KrylovProbabilityBound(steps: 100, dimension: n, failureProbability: 1e-6)
    for (k, (name, values)) in spectra.enumerated() {
      let loss = KnownQuadratic<Double>(
        spectrum: values, reflections: 3, seed: context.seed &+ UInt64(k))
      let ritz = try context.subject.ritzExtremes(
        of: loss.product, dimension: n, steps: 100, seed: context.seed)
      let exact = try ExactSpectrum(of: dense(loss)).values
      let spread = exact[n - 1] - exact[0]
      // Backward error of a dense eigen-solver and of 100 products: n·ε·‖H‖ each, times a modest factor.
      let rounding = 16 * Double(n) * Double.ulpOfOne * loss.norm / spread
      let gap = bound.relativeGap + rounding
      evidence.between(
        "(θ_min − λ_min)/(λ_max − λ_min), \(name)", (ritz.smallest - exact[0]) / spread, -rounding, gap,
        because: gapReason, .rounded)
      evidence.between(
        "(λ_max − θ_max)/(λ_max − λ_min), \(name)", (exact[n - 1] - ritz.largest) / spread, -rounding, gap,
        because: gapReason, .rounded)
      let known = values.sorted()
      let deviation = zip(exact, known).map { ($0 - $1).magnitude }.reduce(0, Worst.of)
      evidence.atMost(
        "LAPACK against the constructed spectrum, \(name)", deviation / loss.norm,
        16 * Double(n) * Double.ulpOfOne, because: "backward stability, 16·n·ε·‖H‖", .rounded)
    }
    for noise in [0.1, 0.3] {
      let family = try redrawnExtremes(context, noise: noise)
      evidence.atMost(
        "smallest Ritz value over the largest, positive semidefinite operators redrawn with "
          + "\(NumberText.short(100 * noise)) % noise", family.smallest / family.largest, -1e-3,
        because: "far below rounding: the tridiagonal matrix belongs to no operator of the family")
    }
    return evidence.verdict(
      ifAllHold: .conditional("the operator is the same at every product"),
      summary:
        "fixed operators: inside the spectrum and within the a-priori bound of its ends; operators redrawn "
        + "at each product show negative curvature that none of them has")
  }

  private static let gapReason =
    "Ritz values lie inside the spectrum; relative gap of Kuczyński and Woźniakowski (1992) at failure "
    + "probability 10⁻⁶, plus 16·n·ε"

  private static func dense(_ loss: KnownQuadratic<Double>) -> Tensor<Double> {
    let n = loss.dimension
    let rows = (0..<n).flatMap { i in
      loss.product(Tensor((0..<n).map { $0 == i ? 1.0 : 0 })).elements
    }
    return Tensor(rows, shape: [n, n])
  }

  /// Extremes for XᵀX, X of 50 rows whose entries get fresh relative noise at every product.
  private static func redrawnExtremes(_ context: ClaimContext, noise: Double) throws -> RitzExtremes {
    let (rows, n) = (50, 200)
    let base = Gaussian.vector(Double.self, count: rows * n, seed: context.seed, index: 8000)
    var draw: UInt64 = 8001
    return try context.subject.ritzExtremes(
      of: { vector in
        let fresh = Gaussian.vector(Double.self, count: rows * n, seed: context.seed, index: draw)
        draw += 1
        let x = base.addingScaled(noise, fresh)
        var product = Tensor<Double>.zeros([n])
        for row in 0..<rows {
          let sample = x.view(at: row * n, shape: [n])
          product.addProduct(sample.dot(vector) / Double(rows), sample)
        }
        return product
      }, dimension: n, steps: 100, seed: context.seed)
  }
}
