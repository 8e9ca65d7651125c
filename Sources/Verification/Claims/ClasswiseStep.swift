import EscapementCurvature
import EscapementExperiments
import EscapementOptimizers
import EscapementKernels

// Theorem 1 concerns the loss that is trained; the figures concern the losses of single classes.

extension Claim {
  /// T14: the effect of a step on the whole loss on one class's gradient.
  static let classwiseStep = Claim(
    id: "T14", kind: .own, source: .supplement("§B read with §D: Theorem 1 and the class-wise spectra"),
    statement:
      "A step of SAM on the overall loss F = Σ p_j f_j changes the class-k gradient along that class's eigenvector v_k by "
      + "ρλ_k cos(v_k, ∇F) to first order in ρ, exactly so on quadratics, and hence by at most ρ|λ_k|.",
    tier: .exact,
    leaf: .theory, weight: .table,
    nulls: .losing([.rhoZero]),
    refutedBy:
      "A mixture of quadratics on which the change of ⟨v_k, ∇f_k⟩ is not ρλ_k cos(v_k, ∇F) to rounding, or exceeds ρ|λ_k|.",
    procedure:
      "One step of SAM on F for two classes of quadratic losses with a common eigenbasis and different saddles, at seeded "
      + "points and near the stationary point of F; the class's gradient is taken at the point that the rule asked about. Observed beside "
      + "it: the short form, a factor of 1 + ρλ_k p_k/‖∇F‖, there and with a head class that is flat along v_k.",
    variant: "normalized ascent, full batch", procedureVersion: 2
  ) { context in
    var evidence = Evidence()
    // Along v the tail class has negative and the head class positive curvature; at x* the two gradients cancel.
    let mixture = ClasswiseScene(headCurvature: 2, seed: context.seed)
    var changes = 0.0
    var beyond = 0
    let points = (0..<12).map { mixture.scattered($0) } + mixture.nearStationary
    for (point, rho) in points.flatMap({ point in [0.05, 0.5].map { (point, $0) } }) {
      let change = try mixture.change(context.subject, at: point, rho: rho)
      let bound = mixture.roundingBound(change, at: point)
      changes = Worst.of(changes, (change.change - change.firstOrderChange).magnitude / bound)
      if !(change.change.magnitude <= rho * change.eigenvalue.magnitude + bound) { beyond += 1 }
    }
    evidence.atMost(
      "largest |change of ⟨v_k, ∇f_k⟩ − ρλ_k cos(v_k, ∇F)|, in units of its bound", changes, 1,
      because: "the rounding of the two passes and the 10⁻¹² beside ‖∇F‖")
    evidence.none("changes beyond ρ|λ_k|", beyond, of: 2 * points.count, because: "|cos| ≤ 1")
    var near: [(factor: Measurement, short: Measurement)] = []
    for (distance, point) in zip(ClasswiseScene.distances, mixture.nearStationary) {
      let change = try mixture.change(context.subject, at: point, rho: 0.05)
      let factor = evidence.observe(
        "true factor \(distance) from the stationary point of F, ρ = 0.05", change.factor,
        because: "ρ|λ_k|/|⟨v_k, ∇f_k⟩| is at most 0.05/1.1")
      let short = evidence.observe(
        "short form there", change.shortFactor,
        because: "ρ|λ_k|p_k = 0.01 against a ‖∇F‖ of at most 1.5 times the distance")
      near.append((factor, short))
      evidence.observe(
        "Σ_{j≠k} p_j⟨v_k, ∇f_j⟩ against class k's own there", change.othersRatio,
        because: "1 where they cancel")
    }
    evidence.observe(
      "v_kᵀH_F v_k, where λ_k = −1",
      try mixture.change(context.subject, at: points[0], rho: 0.05).curvatureOfWhole,
      because: "0.8·2 − 0.2·1: the step on F climbs along v_k")
    let flat = ClasswiseScene(headCurvature: 0, seed: context.seed)
    let alone = try flat.change(context.subject, at: flat.scattered(0), rho: 0.05)
    evidence.observe(
      "factor less its short form, head class flat along v_k, ρ = 0.05", alone.factor - alone.shortFactor,
      because: "0 but for rounding where the other classes leave v_k alone")
    return evidence.verdict(
      ifAllHold: .supported,
      summary:
        "the change is ρλ_k cos(v_k, ∇F) to rounding; near a stationary point of F the true factor is "
        + "\(near[1].factor.valueText), where the short form 1 + ρλ_k p_k/‖∇F‖ gives \(near[1].short.valueText)"
    )
  }
}

/// Two classes in four dimensions, p = (0.8, 0.2), with one eigenbasis: the tail's λ along v is −1. The tail's
/// stationary point is at v, the head's at 0.
private struct ClasswiseScene {
  let whole: QuadraticMixture
  let tail: CenteredQuadratic
  let direction: Tensor<Double>
  private let seed: UInt64
  private let curvatures: [Double]

  init(headCurvature: Double, seed: UInt64) {
    let head = KnownQuadratic<Double>(spectrum: [headCurvature, 1, 0.5, 3], reflections: 2, seed: seed)
    let form = KnownQuadratic<Double>(spectrum: [-1, 2, 1, 0.25], reflections: 2, seed: seed)
    direction = form.eigenvector(0)
    tail = CenteredQuadratic(form: form, center: direction)
    whole = QuadraticMixture(
      shares: [0.8, 0.2], parts: [CenteredQuadratic(form: head, center: .zeros([4])), tail])
    curvatures = zip(head.spectrum, form.spectrum).map { 0.8 * $0 + 0.2 * $1 }
    self.seed = seed
  }

  /// A seeded normal point.
  func scattered(_ index: Int) -> Tensor<Double> {
    Gaussian.vector(Double.self, count: 4, seed: seed, index: UInt64(1400 + index))
  }

  static let distances = [0.02, 0.002]

  /// Points at these distances from the stationary point −p₂/κ·v of F, κ = vᵀH_F v, along (v + q)/√2 for another
  /// eigenvector q.
  var nearStationary: [Tensor<Double>] {
    Self.distances.map { distance in
      let along = -0.2 / curvatures[0] + distance * 0.5.squareRoot()
      return tail.form.rotated(Tensor([along, distance * 0.5.squareRoot(), 0, 0]))
    }
  }

  /// The change at a point, with the perturbed point that the subject's rule queries.
  func change(_ subject: any ClaimSubject, at point: Tensor<Double>, rho: Double) throws -> ClasswiseChange {
    let rule = try subject.sharpnessAware(rho: rho, normalized: true, momentum: 0, as: Double.self)
    var run = RuleRun(rule, on: LossOracle(whole), from: point, learningRate: 1)
    try run.step()
    let queries = run.oracle.queries
    let last = queries[queries.count - 1]
    let step = WholeStep(
      rho: rho, gradient: queries[0].gradient, perturbed: last.point, perturbedGradient: last.gradient)
    return ClasswiseChange(
      of: step, from: point, along: direction, eigenvalue: -1, share: 0.2,
      curvatureOfWhole: direction.dot(whole.hessianProduct(point, direction))
    ) { tail.gradient($0) }
  }

  /// A bound on the rounding error of a component along v after the step.
  ///
  /// The error of a gradient along v is δ = 64·d·ε·‖H‖·G as in `SaddleExperiment`, with G = ‖x‖ + ‖c‖ + ρ. The error of
  /// the direction of ∇F is δ/‖∇F‖, plus 10⁻¹²/‖∇F‖ for the constant added to the norm. A step of length ρ multiplies
  /// it by ρ‖H‖ in a gradient.
  func roundingBound(_ change: ClasswiseChange, at point: Tensor<Double>) -> Double {
    let norm = 3.0
    let delta = 64 * 4 * Double.ulpOfOne * norm * (point.norm() + 1 + change.rho)
    return 2 * delta + change.rho * norm * (2 * delta + 1e-12) / change.wholeNorm
  }
}
