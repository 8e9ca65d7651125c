import Kernels

// Theorem 1 is about the loss that is trained; the figures are about the losses of single classes.

extension Claim {
  /// T14: what a step on the whole loss does to one class's gradient.
  static let classwiseStep = Claim(
    id: "T14", kind: .own, source: .supplement("§B read with §D: Theorem 1 and the class-wise spectra"),
    statement:
      "SAM on the overall loss F = Σ p_j f_j scales the class-k gradient along that class's eigenvector v_k by "
      + "1 + ρλ_k p_k/‖∇F‖.",
    tier: .exact,
    leaf: .theory, weight: .table,
    nulls: .losing([.rhoZero]),
    refutedBy:
      "A mixture of quadratics on which the change of ⟨v_k, ∇f_k⟩ is not ρλ_k cos(v_k, ∇F), or on which the factor fails although "
      + "the other classes have no gradient along v_k.",
    procedure:
      "One step of SAM on F for two classes of quadratic losses with a common eigenbasis and different saddles, at seeded "
      + "points, near the stationary point of F, and with a head class that is flat along v_k; the class's gradient is taken at "
      + "the point that the rule asked about.",
    variant: "normalised ascent, full batch"
  ) { context in
    var evidence = Evidence()
    // Along v the tail class curves down and the head class up; at x* the two gradients cancel.
    let mixture = ClasswiseScene(headCurvature: 2, seed: context.seed)
    var changes = 0.0
    var beyond = 0
    var descent = 0.0
    var short = 0.0
    let points = (0..<12).map { mixture.scattered($0) } + mixture.nearStationary
    for (point, rho) in points.flatMap({ point in [0.05, 0.5].map { (point, $0) } }) {
      let change = try mixture.change(context.subject, at: point, rho: rho)
      let bound = mixture.roundingBound(change, at: point)
      changes = Worst.of(changes, (change.change - change.firstOrderChange).magnitude / bound)
      if !(change.change.magnitude <= rho * change.eigenvalue.magnitude + bound) { beyond += 1 }
      let whole = change.wholeComponent * (1 + rho * change.curvatureOfWhole / change.wholeNorm)
      descent = Worst.of(descent, (change.perturbedWholeComponent - whole).magnitude / bound)
      let others = change.wholeComponent - change.share * change.component
      let gap = rho * change.eigenvalue * others / (change.wholeNorm * change.component)
      short = Worst.of(
        short,
        (change.factor - change.shortFactor - gap).magnitude / (2 * bound / change.component.magnitude))
    }
    let reason = "the rounding of the two passes and the 10⁻¹² beside ‖∇F‖"
    evidence.atMost(
      "largest |change of ⟨v_k, ∇f_k⟩ − ρλ_k cos(v_k, ∇F)|, in units of its bound", changes, 1,
      because: reason)
    evidence.none("changes beyond ρ|λ_k|", beyond, of: 2 * points.count, because: "|cos| ≤ 1")
    evidence.atMost(
      "largest |⟨v_k, ∇F(w + ε)⟩ − (1 + ρ v_kᵀH_F v_k/‖∇F‖)⟨v_k, ∇F⟩|, in units of its bound", descent, 1,
      because: reason)
    evidence.atMost(
      "largest deviation of the short form's error from ρλ_k Σ_{j≠k} p_j⟨v_k, ∇f_j⟩/(‖∇F‖⟨v_k, ∇f_k⟩), in units of its bound",
      short,
      1, because: reason)
    for (distance, point) in zip(ClasswiseScene.distances, mixture.nearStationary) {
      let change = try mixture.change(context.subject, at: point, rho: 0.05)
      evidence.between(
        "true factor \(distance) from the stationary point of F, ρ = 0.05", change.factor, 0.95, 1.05,
        because: "ρ|λ_k|/|⟨v_k, ∇f_k⟩| is at most 0.05/1.1")
      evidence.atMost(
        "short form there", change.shortFactor, 1 - 0.01 / (1.5 * distance),
        because: "ρ|λ_k|p_k = 0.01 against a ‖∇F‖ of at most 1.5 times the distance")
      evidence.observe(
        "Σ_{j≠k} p_j⟨v_k, ∇f_j⟩ against class k's own there", change.othersRatio,
        because: "1 where they cancel")
    }
    evidence.equal(
      "v_kᵀH_F v_k, where λ_k = −1",
      try mixture.change(context.subject, at: points[0], rho: 0.05).curvatureOfWhole, to: 1.4,
      within: 256 * Double.ulpOfOne * 4, because: "0.8·2 − 0.2·1; 256 roundings of size ≤ 4")
    let flat = ClasswiseScene(headCurvature: 0, seed: context.seed)
    for (place, rho) in [(0, 0.05), (1, 0.5)] {
      let point = flat.scattered(place)
      let change = try flat.change(context.subject, at: point, rho: rho)
      evidence.equal(
        "factor less its short form, head class flat along v_k, ρ = \(NumberText.short(rho))",
        change.factor - change.shortFactor, to: 0,
        within: 2 * flat.roundingBound(change, at: point) / change.component.magnitude, because: reason)
    }
    return evidence.verdict(
      ifAllHold: .conditional(
        "the other classes leave v_k alone, |Σ_{j≠k} p_j⟨v_k, ∇f_j⟩| ≪ p_k|⟨v_k, ∇f_k⟩|; in general the change is ρλ_k cos(v_k, ∇F), at "
          + "most ρ|λ_k|"),
      summary:
        "the change is ρλ_k cos(v_k, ∇F) to rounding; near a stationary point of F the true factor is "
        + "\(evidence.text(of: "true factor 0.002")) and the short form \(shortForm(evidence))")
  }

  /// The short form at the nearer of the two points.
  private static func shortForm(_ evidence: Evidence) -> String {
    evidence.measurements.last { $0.name == "short form there" }?.valueText ?? "not measured"
  }
}

/// Two classes in four dimensions, p = (0.8, 0.2), with one eigenbasis: the tail's λ along v is −1, its saddle is at v and the
/// head's at 0.
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

  /// Points at these distances from the stationary point −p₂/κ·v of F, κ = vᵀH_F v, along (v + q)/√2 for another eigenvector q.
  var nearStationary: [Tensor<Double>] {
    Self.distances.map { distance in
      let along = -0.2 / curvatures[0] + distance * 0.5.squareRoot()
      return tail.form.rotated(Tensor([along, distance * 0.5.squareRoot(), 0, 0]))
    }
  }

  /// The change at a point, with the perturbed point that the subject's rule asks about.
  func change(_ subject: any ClaimSubject, at point: Tensor<Double>, rho: Double) throws -> ClasswiseChange {
    let rule = try subject.sharpnessAware(rho: rho, normalised: true, momentum: 0, as: Double.self)
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

  /// A bound on what rounding does to a component along v after the step.
  ///
  /// A gradient along v is off by δ = 64·d·ε·‖H‖·G as in `SaddleExperiment`, G = ‖x‖ + ‖c‖ + ρ; the direction of ∇F by δ/‖∇F‖ and
  /// by 10⁻¹²/‖∇F‖ for the constant beside the norm, and a step of ρ carries that to a gradient with ρ‖H‖.
  func roundingBound(_ change: ClasswiseChange, at point: Tensor<Double>) -> Double {
    let norm = 3.0
    let delta = 64 * 4 * Double.ulpOfOne * norm * (point.norm() + 1 + change.rho)
    return 2 * delta + change.rho * norm * (2 * delta + 1e-12) / change.wholeNorm
  }
}
