// Theorem 1 of the supplement: the second moment of the SAM gradient along an eigenvector.

extension Claim {
  /// T1: the factor (1 + ρλ)² between the second moments.
  static let secondMoment = Claim(
    id: "T1", kind: .paper, source: .supplement("§B, Theorem 1 and eq. 1"),
    quote: "it's second moment of projection in v_w is atleast (1 + ρλ_min)² times the original",
    statement:
      "The second moment of the SAM gradient along a unit eigenvector v of the Hessian is at least "
      + "(1 + ρλ)² times that of the mini-batch gradient.",
    tier: .exact,
    leaf: .theory, weight: .table,
    nulls: .losing([.rhoZero]),
    refutedBy:
      "A quadratic with additive noise on which the ratio of second moments is not (1 + ρλ)² to rounding.",
    procedure:
      "Steps of SGD and of SAM (unnormalised ascent, same mini-batch in both passes) on quadratics of known "
      + "spectrum; the gradients are recovered from the parameters. Expectations are finite sums over a noise "
      + "set, then samples of Gaussian noise; ratios are ratios of sums.",
    variant: "unnormalised ascent, additive noise"
  ) { context in
    var evidence = Evidence()
    let spectrum: [Double] = [-3, -1, 0, 0.5, 2, 4]
    let cases: [(index: Int, rho: Double)] = [
      (0, 0.05), (0, 1.0 / 3), (0, 0.5), (0, 1), (1, 0.5), (2, 0.8), (3, 0.8), (4, 0.5), (5, 0.8),
    ]
    for (index, rho) in cases {
      let experiment = SaddleExperiment(
        spectrum: spectrum, index: index, distance: 0.1, seed: context.seed)
      let moments = try experiment.moments(context.subject, rho: rho, normalised: false)
      let factor = 1 + rho * experiment.eigenvalue
      evidence.equal(
        "ratio at λ = \(NumberText.short(experiment.eigenvalue)), ρ = \(NumberText.short(rho))",
        moments.factor, to: factor * factor,
        within: experiment.roundingBound(moments, rho: rho), because: SaddleExperiment.roundingReason)
    }
    var worst = 0.0
    for (d, seed) in [(3, 11), (6, 12), (17, 13)] as [(Int, UInt64)] {
      // λ = −3, …, 4 in d equal steps: the smallest, a middle and the largest direction.
      let spectrum = (0..<d).map { -3 + 7 * Double($0) / Double(d - 1) }
      for index in [0, d / 2, d - 1] {
        let experiment = SaddleExperiment(
          spectrum: spectrum, index: index, distance: 0.3, seed: context.seed &+ seed)
        let moments = try experiment.moments(context.subject, rho: 0.4, normalised: false)
        let factor = 1 + 0.4 * experiment.eigenvalue
        let deviation = (moments.factor - factor * factor).magnitude
        worst = Worst.of(worst, deviation / experiment.roundingBound(moments, rho: 0.4))
      }
    }
    evidence.atMost(
      "largest deviation in d = 3, 6, 17, in units of its bound", worst, 1,
      because: SaddleExperiment.roundingReason)
    try sampleSecondMoment(context, into: &evidence)
    try sampleBatchHessian(context, into: &evidence)
    return evidence.verdict(
      ifAllHold: .conditional(
        "the ascent is unnormalised (ρg), the gradient is linear over the step (truncation after Hg), the "
          + "mini-batch Hessian is the full one, and the noise has a second moment γ > 0 along v"),
      summary:
        "the ratio is (1 + ρλ)² to rounding: \(evidence.text(of: "ratio at λ = -3, ρ = 0.5")) at λ = -3, "
        + "ρ = 0.5; \(evidence.text(of: "ratio at λ = -3, ρ = 0.333333")) at ρλ = -1")
  }

  /// Gaussian noise: the sampled second moment itself against its closed form.
  private static func sampleSecondMoment(_ context: ClaimContext, into evidence: inout Evidence) throws {
    let spectrum: [Double] = [-3, -1, 0, 0.5, 2, 4]
    let loss = KnownQuadratic<Double>(spectrum: spectrum, reflections: 2, seed: context.seed)
    let samples = 2000
    let draws = Gaussian.vector(
      Double.self, count: samples * spectrum.count, seed: context.seed, index: 1000)
    let experiment = SaddleExperiment(
      loss: loss, index: 0, point: loss.eigenvector(0).scaled(by: 0.2),
      noise: (0..<samples).map { draws.view(at: $0 * spectrum.count, shape: [spectrum.count]) })
    let rho = 0.5
    let moments = try experiment.moments(context.subject, rho: rho, normalised: false)
    let mean = moments.perturbed.reduce(0, +) / Double(samples)
    let squares = moments.perturbed.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
    let error = (squares / Double(samples - 1) / Double(samples)).squareRoot()
    // ⟨v, g⟩ = λ·0.2 + ξ along v with variance 1, then times 1 + ρλ.
    let factor = 1 + rho * experiment.eigenvalue
    let plain = experiment.eigenvalue * 0.2 * experiment.eigenvalue * 0.2 + 1
    evidence.equal(
      "sampled second moment of ⟨v, g^SAM⟩ at λ = -3, ρ = 0.5", mean, to: factor * factor * plain,
      within: confidencePoint * error, because: "99.99 % interval from \(samples) Gaussian mini-batches")
    evidence.equal(
      "sampled ratio of sums at λ = -3, ρ = 0.5", moments.factor, to: factor * factor,
      within: experiment.roundingBound(moments, rho: rho), because: SaddleExperiment.roundingReason)
  }

  /// A mini-batch Hessian H + E, E = ±τuuᵀ: vᵀ(H + E) ≠ λvᵀ, and the equality goes.
  private static func sampleBatchHessian(_ context: ClaimContext, into evidence: inout Evidence) throws {
    // In the plane, H = diag(−2, 1), v = e₁ and u = (0.6, 0.8); w = 0, so that g = ξ does not see E.
    let rho = 0.25
    let strength = 2.0
    var plain = 0.0
    var perturbed = 0.0
    for sign in [1.0, -1.0] {
      let loss = PlanarQuadratic(
        a: -2 + sign * strength * 0.36, b: sign * strength * 0.48, c: 1 + sign * strength * 0.64)
      for noise in [[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]] {
        let g = try descentGradient(
          of: context.subject.sharpnessAware(
            rho: rho, normalised: false, momentum: 0, as: Double.self),
          on: LossOracle(loss, noise: .init(noise)), at: .zeros([2]))
        plain += noise[0] * noise[0]
        perturbed += g[0] * g[0]
      }
    }
    let factor = (1 + rho * -2) * (1 + rho * -2)
    // ρ²·E⟨v, Eξ⟩²/E⟨v, ξ⟩² = ρ²τ²⟨v, u⟩²·‖u‖² for ξ of identity covariance.
    let excess = rho * rho * strength * strength * 0.36
    evidence.equal(
      "ratio with mini-batch Hessians H ± 2uuᵀ, where (1 + ρλ)² is 0.25", perturbed / plain,
      to: factor + excess, within: 64 * Double.ulpOfOne * 16,
      because: "exact sum over 8 mini-batches; closed form (1 + ρλ)² + ρ²τ²⟨v, u⟩², 64 roundings of size ≤ 16"
    )
  }
}

/// The larger of two numbers, NaN if either is: a NaN must not hide behind a comparison.
enum Worst {
  static func of(_ a: Double, _ b: Double) -> Double { a.isNaN || b.isNaN ? .nan : max(a, b) }
}
