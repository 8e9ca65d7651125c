import Kernels

// The assumption of Theorem 1, and what its factor does to positive curvature.

extension Claim {
  /// T9: γ = 0 makes the bound empty.
  static let noiseAssumption = Claim(
    id: "T9", kind: .paper, source: .supplement("eq. 1"),
    quote: "∃γ ≥ 0 s.t. ∀w: E[⟨v_w, ∇f_z^SAM(w)⟩²] ≥ (1 + ρλ_min)²γ",
    statement:
      "There is γ ≥ 0 with E⟨v, ∇f_z⟩² ≥ γ, and the SAM gradient then has a second moment of at least "
      + "(1 + ρλ)²γ along v.",
    tier: .exact,
    leaf: .theory, weight: .table,
    nulls: .losing([.rhoZero]),
    refutedBy:
      "A saddle with γ = 0 that SAM leaves, or one with γ > 0 whose second moment is below the bound.",
    procedure:
      "200 steps of SAM from a saddle whose noise has no component along v, for four radii; then the same "
      + "saddle with a component of second moment γ = 10⁻⁴.",
    variant: "unnormalised ascent, additive noise"
  ) { context in
    var evidence = Evidence()
    // No reflections: the axes are the eigenvectors and a component of exactly 0 stays exactly 0.
    let loss = KnownQuadratic<Double>(spectrum: [-1, 2], reflections: 0, seed: 0)
    for rho in [0.05, 0.5, 1, 3] {
      let silent = [Tensor([0.0, 1]), Tensor([0.0, -1])]
      let experiment = SaddleExperiment(loss: loss, index: 0, point: .zeros([2]), noise: silent)
      let moments = try experiment.moments(context.subject, rho: rho, normalised: false)
      evidence.equal(
        "second moment along v without noise there, ρ = \(NumberText.short(rho))",
        moments.perturbed.reduce(0, +) / 2, to: 0, within: 0, because: "products with an exact 0 are exact")
      let left = try drift(context.subject, loss: loss, rho: rho, component: 0)
      evidence.equal(
        "distance along v after 200 steps without noise there, ρ = \(NumberText.short(rho))", left, to: 0,
        within: 0, because: "a component of exactly 0 stays 0")
      let gamma = 1e-4
      let noisy = [-1.0, 1].flatMap { s in [-1.0, 1].map { Tensor([s * 0.01, $0]) } }
      let live = SaddleExperiment(loss: loss, index: 0, point: .zeros([2]), noise: noisy)
      let second = try live.moments(context.subject, rho: rho, normalised: false)
      let expected = (1 - rho) * (1 - rho) * gamma
      evidence.equal(
        "second moment along v over γ, γ = 10⁻⁴, ρ = \(NumberText.short(rho))",
        second.perturbed.reduce(0, +) / 4 / gamma, to: expected / gamma,
        within: 32 * Double.ulpOfOne * (1 + rho) * (1 + rho), because: "32 roundings of sizes up to (1 + ρ)²")
    }
    let left = try drift(context.subject, loss: loss, rho: 0.05, component: 0.01)
    evidence.atLeast(
      "distance along v after 200 steps with γ = 10⁻⁴, ρ = 0.05", left, 1,
      because: "the standard deviation is ηs(1 − ρ)q²⁰⁰/√(q² − 1) with q = 1.095, some 10⁵")
    return evidence.verdict(
      ifAllHold: .conditional("γ > 0, the same for every w"),
      summary: "with γ = 0, which eq. 1 allows, the bound is empty and SAM never leaves the saddle")
  }

  /// |y| along v after 200 noisy steps of SAM from the saddle, η = 0.1.
  private static func drift(
    _ subject: any ClaimSubject, loss: KnownQuadratic<Double>, rho: Double, component: Double
  ) throws -> Double {
    let rule = try subject.sharpnessAware(rho: rho, normalised: false, momentum: 0, as: Double.self)
    var run = RuleRun(rule, on: LossOracle(loss), from: .zeros([2]), learningRate: 0.1)
    let draws = Gaussian.vector(Double.self, count: 400, seed: 9, index: 0)
    for step in 0..<200 {
      run.oracle.noise = draws.view(at: 2 * step, shape: [2]) * Tensor([component, 1])
      try run.step()
    }
    return run.point[0].magnitude
  }

  /// T12: positive curvature is amplified at every radius.
  static let positiveCurvature = Claim(
    id: "T12", kind: .own, source: .supplement("§B, a consequence of Theorem 1"),
    statement:
      "Directions of positive curvature are amplified for every ρ > 0, and v_min gains on v_max only if "
      + "ρ|λ_min| − 1 > 1 + ρλ_max, which is impossible when |λ_min| ≤ λ_max.",
    tier: .exact,
    leaf: .theory, weight: .remark,
    nulls: .losing([.rhoZero]),
    refutedBy: "A positive direction that is not amplified, or a gain of v_min on v_max elsewhere.",
    procedure: "Factors along v_min and v_max of the same quadratics, measured with the SAM rule on a grid.",
    variant: "unnormalised ascent, additive noise"
  ) { context in
    var evidence = Evidence()
    var unamplified = 0
    var wrongGain = 0
    var impossible = 0
    var points = 0
    var flat = 0
    for (low, high) in [(-10.0, 1.0), (-4, 2), (-3, 3), (-1, 8)] {
      for rho in [0.05, 0.2, 0.3, 0.8, 1.2, 3] {
        let spectrum = [low, low / 4, 0, high / 5, high / 2, high]
        let moments = try [0, 5].map { index in
          try SaddleExperiment(spectrum: spectrum, index: index, distance: 0.1, seed: context.seed)
            .moments(context.subject, rho: rho, normalised: false)
        }
        points += 1
        if !(moments[1].factor > 1) { unamplified += 1 }
        let gains = moments[0].factor > moments[1].factor
        if gains != (rho * -low - 1 > 1 + rho * high) { wrongGain += 1 }
        if -low <= high {
          flat += 1
          if gains { impossible += 1 }
        }
      }
    }
    evidence.none(
      "settings where v_max is not amplified", unamplified, of: points, because: "(1 + ρλ_max)² > 1")
    evidence.none(
      "settings where a gain of v_min and ρ|λ_min| − 1 > 1 + ρλ_max disagree", wrongGain, of: points,
      because: "|1 + ρλ_min| against 1 + ρλ_max")
    evidence.none(
      "settings with |λ_min| ≤ λ_max where v_min gains", impossible, of: flat,
      because: "a gain needs |λ_min| > λ_max + 2/ρ")
    return evidence.verdict(
      ifAllHold: .supported,
      summary: "v_max is amplified at every ρ; v_min gains on it only if |λ_min| > λ_max + 2/ρ")
  }
}
