import EscapementCurvature
import EscapementDrawing
import EscapementOptimizers

// Theorem 1 of the supplement: the second moment of the SAM gradient along an eigenvector.

extension Claim {
  /// T1: the factor (1 + ρλ)² between the second moments.
  static let secondMoment = Claim(
    id: "T1", kind: .paper, source: .supplement("§B, Theorem 1 and its proof"),
    quote:
      "it's second moment of projection in v_w is atleast (1 + ρλ_min)² times the original … = (1 + ρλ_min)²E[⟨v_w, "
      + "∇f_z(w)⟩²]",
    statement:
      "Under the proof's hypotheses, the first-order expansion ∇f_z^SAM = ∇f_z + ρH∇f_z with the Hessian H of f, the second moment "
      + "of ∇f_z^SAM along the eigenvector v of λ_min is (1 + ρλ_min)² times that of ∇f_z, and so at least that.",
    tier: .exact,
    leaf: .theory, weight: .table,
    nulls: .losing([.rhoZero]),
    refutedBy:
      "A quadratic with additive noise, where the expansion is exact, on which the ratio of second moments along v is not "
      + "(1 + ρλ_min)² to rounding.",
    procedure:
      "Steps of SGD and of SAM (unnormalized ascent, same mini-batch in both passes) on quadratics of known "
      + "spectrum; the gradients are recovered from the parameters. Expectations are finite sums over a noise "
      + "set, then samples of Gaussian noise; ratios are ratios of sums.",
    variant: "unnormalized ascent, additive noise", procedureVersion: 2
  ) { context in
    var evidence = Evidence()
    var ratios: [Measurement] = []
    let cases: [(smallest: Double, rho: Double)] = [
      (-3, 0.05), (-3, 1.0 / 3), (-3, 0.5), (-3, 1), (-1, 0.5), (0, 0.8), (0.5, 0.8), (2, 0.5),
    ]
    for (smallest, rho) in cases {
      let experiment = SaddleExperiment(
        spectrum: [0, 2, 3, 3.5, 5, 7].map { smallest + $0 }, index: 0, distance: 0.1, seed: context.seed)
      let moments = try experiment.moments(context.subject, rho: rho, normalized: false)
      let factor = 1 + rho * smallest
      ratios.append(
        evidence.equal(
          "ratio at λ_min = \(NumberText.short(smallest)), ρ = \(NumberText.short(rho))", moments.factor,
          to: factor * factor, within: experiment.roundingBound(moments, rho: rho),
          because: SaddleExperiment.roundingReason))
    }
    var worst = 0.0
    for (d, seed) in [(3, 11), (6, 12), (17, 13)] as [(Int, UInt64)] {
      // λ = −3, …, 4 in d equal steps.
      let experiment = SaddleExperiment(
        spectrum: (0..<d).map { -3 + 7 * Double($0) / Double(d - 1) }, index: 0, distance: 0.3,
        seed: context.seed &+ seed)
      for rho in [0.1, 0.4, 1] {
        let moments = try experiment.moments(context.subject, rho: rho, normalized: false)
        let factor = 1 + rho * experiment.eigenvalue
        let deviation = (moments.factor - factor * factor).magnitude
        worst = Worst.of(worst, deviation / experiment.roundingBound(moments, rho: rho))
      }
    }
    evidence.atMost(
      "largest deviation in d = 3, 6, 17, in units of its bound", worst, 1,
      because: SaddleExperiment.roundingReason)
    try sampleSecondMoment(context, into: &evidence)
    evidence.note(
      "The proof writes the Hessian of f also for a mini-batch; T11 judges what a mini-batch's own Hessian does. T9 judges "
        + "eq. 1, whose γ is the assumption on the noise.")
    return evidence.verdict(
      ifAllHold: .supported,
      summary:
        "the ratio is (1 + ρλ_min)² to rounding: \(ratios[2].valueText) at λ_min = -3, ρ = 0.5; "
        + "\(ratios[1].valueText) at ρλ_min = -1")
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
    let moments = try experiment.moments(context.subject, rho: rho, normalized: false)
    let mean = moments.perturbed.reduce(0, +) / Double(samples)
    let squares = moments.perturbed.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
    let error = (squares / Double(samples - 1) / Double(samples)).squareRoot()
    // ⟨v, g⟩ = λ·0.2 + ξ along v with variance 1, which is then multiplied by 1 + ρλ.
    let factor = 1 + rho * experiment.eigenvalue
    let plain = experiment.eigenvalue * 0.2 * experiment.eigenvalue * 0.2 + 1
    evidence.equal(
      "sampled second moment of ⟨v, g^SAM⟩ at λ = -3, ρ = 0.5", mean, to: factor * factor * plain,
      within: confidencePoint * error, because: "99.99 % interval from \(samples) Gaussian mini-batches")
    evidence.equal(
      "sampled ratio of sums at λ = -3, ρ = 0.5", moments.factor, to: factor * factor,
      within: experiment.roundingBound(moments, rho: rho), because: SaddleExperiment.roundingReason)
  }
}

/// The larger of two numbers; NaN if either is NaN, so that a comparison does not hide it.
enum Worst {
  static func of(_ a: Double, _ b: Double) -> Double { a.isNaN || b.isNaN ? .nan : max(a, b) }
}
