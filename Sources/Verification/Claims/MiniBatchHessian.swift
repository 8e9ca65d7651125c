import EscapementCurvature
import EscapementDrawing
import EscapementOptimizers
import EscapementKernels

// The step in Theorem 1's proof that replaces a mini-batch's Hessian by the whole loss's eigenvalue.

extension Claim {
  /// T11: vᵀH_b = λvᵀ holds only for additive noise.
  static let miniBatchHessian = Claim(
    id: "T11", kind: .paper, source: .supplement("§B, proof of Theorem 1"),
    quote:
      "as we now want to work with stochastic gradients, we replace gradient ∇f(w) with it's "
      + "stochastic version ∇f_z(w)",
    statement:
      "The stochastic SAM gradient, both of whose passes see one mini-batch z, is ∇f_z + ρH∇f_z with the Hessian H of the whole loss, so "
      + "that vᵀH = λvᵀ applies to it.",
    tier: .exact,
    leaf: .theory, weight: .table,
    nulls: .losing([.rhoZero]),
    refutedBy:
      "A mini-batch with the Hessian of the whole loss whose SAM gradient is another, so that the condition does not repair the "
      + "sentence; or mini-batch Hessians H ± E under which it differs by something else than ρE∇f_z.",
    procedure:
      "The residual ⟨v, g_b^SAM⟩ − (1 + ρλ)⟨v, g_b⟩ = ρ⟨(H_b − λ)v, g_b⟩ of steps of SGD and of SAM: on quadratics with additive "
      + "noise, then on a quadratic whose mini-batches have Hessians H ± τuuᵀ, the sign independent of the noise, going with "
      + "it and against it.",
    variant: "unnormalized ascent, same mini-batch in both passes"
  ) { context in
    var evidence = Evidence()
    try additiveNoise(context, into: &evidence)
    let own = try ownHessians(context, into: &evidence)
    return evidence.verdict(
      ifAllHold: .conditional(
        "every mini-batch has the Hessian of the whole loss, as with additive noise; a mini-batch's own Hessian adds "
          + "2ρ(1 + ρλ)E⟨v, g⟩⟨(H_b − H)v, g⟩ + ρ²E⟨(H_b − H)v, g⟩² to the second moment, of either sign"),
      summary:
        "‖H_b v − λv‖ is 0 under additive noise and \(own.norms[0].valueText) with mini-batch Hessians, whose second "
        + "moment can fall below (1 + ρλ)²: \(own.ratios[2].valueText) instead of 0.25")
  }

  private static func additiveNoise(_ context: ClaimContext, into evidence: inout Evidence) throws {
    for (index, rho) in [(0, 0.05), (0, 0.5), (2, 0.8), (5, 0.5)] {
      let experiment = SaddleExperiment(
        spectrum: [-3, -1, 0, 0.5, 2, 4], index: index, distance: 0.1, seed: context.seed)
      let factor = 1 + rho * experiment.eigenvalue
      var worst = 0.0
      for noise in experiment.noise {
        let (plain, perturbed) = try components(
          context, of: experiment.loss, along: experiment.eigenvector, at: experiment.point, noise: noise,
          rho: rho)
        worst = Worst.of(worst, (perturbed - factor * plain).magnitude)
      }
      // `SaddleExperiment.roundingBound` derives this bound of a rounding error along v.
      let norm = experiment.loss.norm
      let size = (norm + 1) * experiment.point.norm() + (experiment.noise.map { $0.norm() }.max() ?? 0)
      evidence.atMost(
        "largest |ρ⟨(H_b − λ)v, g⟩| under additive noise, λ = \(NumberText.short(experiment.eigenvalue)), "
          + "ρ = \(NumberText.short(rho))",
        worst, 2 * 64 * Double(experiment.loss.dimension) * Double.ulpOfOne * (1 + rho * norm) * size,
        because: "128·d·ε·(1 + ρ‖H‖)·G, the rounding of the two passes")
    }
  }

  /// H = diag(−2, 1), v = e₁, E = ±2uuᵀ with u = (0.6, 0.8); w = 0, so that g = ξ does not depend on E.
  private static func ownHessians(
    _ context: ClaimContext, into evidence: inout Evidence
  ) throws -> (norms: [Measurement], ratios: [Measurement]) {
    let (lambda, rho, strength) = (-2.0, 0.25, 2.0)
    let v = Tensor([1.0, 0])
    let rounding = 64 * Double.ulpOfOne * 16
    func loss(_ sign: Double) -> PlanarQuadratic {
      PlanarQuadratic(
        a: lambda + sign * strength * 0.36, b: sign * strength * 0.48, c: 1 + sign * strength * 0.64)
    }
    func step(_ sign: Double, _ noise: [Double]) throws -> (plain: Double, perturbed: Double) {
      try components(context, of: loss(sign), along: v, at: .zeros([2]), noise: Tensor(noise), rho: rho)
    }
    let norms = try [1.0, -1].map { sign in
      // Unit gradients along the axes read (H_b − λ)v entry by entry.
      let entries = try [[1.0, 0], [0, 1]].map { noise in
        let (plain, perturbed) = try step(sign, noise)
        return (perturbed - (1 + rho * lambda) * plain) / rho
      }
      return evidence.equal(
        "‖H_b v − λv‖ with H_b = H \(sign > 0 ? "+" : "−") 2uuᵀ", Tensor(entries).norm(),
        to: strength * 0.6, within: rounding, because: "τ|⟨v, u⟩|‖u‖; 64 roundings of size ≤ 16")
    }
    let factor = (1 + rho * lambda) * (1 + rho * lambda)
    // ⟨v, ξ⟩ = ξ₁ and ⟨Ev, ξ⟩ = ±1.2(0.6ξ₁ + 0.8ξ₂): E⟨Ev, ξ⟩² = 1.44, E⟨v, ξ⟩⟨Ev, ξ⟩ = 0 or ±0.96.
    let (cross, square) = (2 * rho * (1 + rho * lambda) * 0.96, rho * rho * 1.44)
    let ratios = try [
      ("independent of the noise", [1.0, 1, 1, 1, -1, -1, -1, -1], factor + square),
      ("with the noise", [1.0, -1, -1, 1, 1, -1, -1, 1], factor + cross + square),
      ("against the noise", [-1.0, 1, 1, -1, -1, 1, 1, -1], factor - cross + square),
    ].map { name, signs, expected in
      var plain = 0.0
      var perturbed = 0.0
      for (place, sign) in signs.enumerated() {
        let noise = [[1.0, 1], [1, -1], [-1, 1], [-1, -1]][place % 4]
        let component = try step(sign, noise)
        plain += component.plain * component.plain
        perturbed += component.perturbed * component.perturbed
      }
      return evidence.equal(
        "ratio, E \(name), where (1 + ρλ)² is 0.25", perturbed / plain, to: expected, within: rounding,
        because: "exact sum over 8 mini-batches; (1 + ρλ)² + 2ρ(1 + ρλ)E⟨v, ξ⟩⟨Ev, ξ⟩ + ρ²E⟨Ev, ξ⟩²")
    }
    return (norms, ratios)
  }

  /// ⟨v, g⟩ and ⟨v, g^SAM⟩ of one mini-batch, recovered from the parameters after a step of each rule.
  private static func components<Loss: SmoothLoss>(
    _ context: ClaimContext, of loss: Loss, along v: Tensor<Double>, at point: Tensor<Double>,
    noise: Tensor<Double>, rho: Double
  ) throws -> (plain: Double, perturbed: Double) where Loss.Element == Double {
    let oracle = LossOracle(loss, noise: noise)
    let plain = try descentGradient(
      of: context.subject.gradientDescent(momentum: 0, as: Double.self), on: oracle, at: point)
    let perturbed = try descentGradient(
      of: context.subject.sharpnessAware(rho: rho, normalized: false, momentum: 0, as: Double.self),
      on: oracle, at: point)
    return (plain.dot(v), perturbed.dot(v))
  }
}
