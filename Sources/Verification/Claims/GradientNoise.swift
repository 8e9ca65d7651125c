import EscapementCurvature
import EscapementDrawing
import EscapementOptimizers
import EscapementKernels

// The assumption of Theorem 1, and the effect of its factor on positive curvature.

extension Claim {
  /// The claims about the gradient's noise, in the catalog's order.
  static let noises: [Claim] = [.noiseAssumption, .positiveCurvature]

  /// T9: eq. 1 under the assumption on the noise.
  static let noiseAssumption = Claim(
    id: "T9", kind: .paper, source: .supplement("eq. 1 and Assumption 1"),
    quote: "∃γ ≥ 0 s.t. ∀w: E[⟨v_w, ∇f_z^SAM(w)⟩²] ≥ (1 + ρλ_min)²γ",
    statement:
      "Under the CNC assumption that the theorem names, E⟨v, ∇f_z(w)⟩² ≥ γ > 0 at every w, the SAM gradient has a second moment of at "
      + "least (1 + ρλ_min)²γ along v at every w.",
    tier: .exact,
    leaf: .theory, weight: .table,
    nulls: .losing([.rhoZero]),
    refutedBy:
      "A point of a quadratic with noise of second moment γ > 0 along v at which the SAM gradient's second moment is below "
      + "(1 + ρλ_min)²γ.",
    procedure:
      "Second moments of the SAM gradient with noise of γ = 10⁻⁴ along v, at a saddle and at three other points, for four radii; then, "
      + "observed, the same saddle without noise along v: the moment there, and where 200 steps of SAM end.",
    variant: "unnormalized ascent, additive noise", procedureVersion: 2
  ) { context in
    var evidence = Evidence()
    // Without reflections the axes are the eigenvectors, and a component of exactly 0 stays exactly 0.
    let loss = KnownQuadratic<Double>(spectrum: [-1, 2], reflections: 0, seed: 0)
    let gamma = 1e-4
    var stays: [Measurement] = []
    for rho in [0.05, 0.5, 1, 3] {
      let noisy = [-1.0, 1].flatMap { s in [-1.0, 1].map { Tensor([s * 0.01, $0]) } }
      var smallest = Double.infinity
      // The component of the point adds to the second moment; at the saddle the bound is attained.
      for point in [[0.0, 0], [0.3, -0.2], [-1, 0.5], [0.02, 2]] {
        let moments = try SaddleExperiment(loss: loss, index: 0, point: Tensor(point), noise: noisy)
          .moments(context.subject, rho: rho, normalized: false)
        smallest = -Worst.of(-smallest, -moments.perturbed.reduce(0, +) / 4 / gamma)
      }
      let rounding = 32 * Double.ulpOfOne * (1 + rho) * (1 + rho)
      evidence.atLeast(
        "smallest second moment along v over γ, γ = 10⁻⁴, ρ = \(NumberText.short(rho))", smallest,
        (1 - rho) * (1 - rho) - rounding,
        because: "eq. 1 with λ_min = −1, less 32 roundings of sizes up to (1 + ρ)²")
      let silent = [Tensor([0.0, 1]), Tensor([0.0, -1])]
      let moments = try SaddleExperiment(loss: loss, index: 0, point: .zeros([2]), noise: silent)
        .moments(context.subject, rho: rho, normalized: false)
      evidence.observe(
        "second moment along v where γ = 0, ρ = \(NumberText.short(rho))",
        moments.perturbed.reduce(0, +) / 2, because: "eq. 1 asks for ≥ 0 there")
      stays.append(
        evidence.observe(
          "distance along v after 200 steps where γ = 0, ρ = \(NumberText.short(rho))",
          try drift(context.subject, loss: loss, rho: rho, component: 0),
          because: "a component of exactly 0 stays 0"))
    }
    evidence.observe(
      "distance along v after 200 steps with γ = 10⁻⁴, ρ = 0.05",
      try drift(context.subject, loss: loss, rho: 0.05, component: 0.01),
      because: "the standard deviation is ηs(1 − ρ)q²⁰⁰/√(q² − 1) with q = 1.095, some 10⁵")
    evidence.note("With γ = 0, which the printed \"γ ≥ 0\" allows, the inequality is empty.")
    return evidence.verdict(
      ifAllHold: .supported,
      summary:
        "the second moment is at least (1 + ρλ_min)²γ where γ > 0; with γ = 0, which eq. 1 allows, it says nothing, and after "
        + "200 steps SAM is \(stays[1].valueText) from the saddle")
  }

  /// The magnitude |y| along v after 200 noisy steps of SAM from the saddle, η = 0.1.
  private static func drift(
    _ subject: any ClaimSubject, loss: KnownQuadratic<Double>, rho: Double, component: Double
  ) throws -> Double {
    let rule = try subject.sharpnessAware(rho: rho, normalized: false, momentum: 0, as: Double.self)
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
    variant: "unnormalized ascent, additive noise"
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
            .moments(context.subject, rho: rho, normalized: false)
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
