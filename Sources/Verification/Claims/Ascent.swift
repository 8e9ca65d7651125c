import EscapementCurvature
import EscapementDrawing
import EscapementOptimizers
import EscapementKernels
import EscapementTraining

// The ascent step of Algorithm 1.

extension Claim {
  /// The claims about the ascent step, in the catalog's order.
  static let ascents: [Claim] = [.ascentMaximizes, .ascentLength, .ascentScaleInvariance]

  /// T13: ε* maximizes the linearized loss.
  static let ascentMaximizes = Claim(
    id: "T13", kind: .paper, source: .poster("SAM objective"),
    quote: "min_w max_{‖ε‖≤ρ} f(w + ε) ⇒ w' = w − η∇f(w + ρ f(w)/|f(w)|)",
    statement:
      "The point of the step, w + ρg/‖g‖ with g = ∇f (the poster prints f), is that of the inner maximum to first order: ε = ρg/‖g‖ "
      + "maximizes the linearized loss ⟨g, ε⟩ over the ball ‖ε‖ ≤ ρ.",
    tier: .exact,
    leaf: .theory, weight: .remark,
    nulls: .losing([.rhoZero]),
    refutedBy: "A point of the ball with a larger ⟨g, ε⟩ than the rule's own perturbation.",
    procedure:
      "The perturbation of the SAM rule at w = 0 against 2000 random points of the ball, small tilts of ε*, the "
      + "axes and sign(g), and against the bound ρ‖g‖ of Cauchy and Schwarz.",
    variant: "normalized ascent; the poster prints f/‖f‖ for ∇f/‖∇f‖"
  ) { context in
    var evidence = Evidence()
    let d = 12
    var beaten = 0
    var points = 0
    var best = -1.0
    for rho in [0.05, 0.5, 2] {
      let g = Gaussian.vector(Double.self, count: d, seed: context.seed, index: 4000)
      let ascent = try AscentStep(context.subject, rho: rho, linear: g, at: .zeros([d]))
      let epsilon = ascent.perturbation
      // Values within the rounding of a dot product of d terms cannot be distinguished.
      let rounding = 4 * Double(d) * Double.ulpOfOne * rho * g.norm()
      evidence.equal(
        "⟨g, ε⟩ of the rule over ρ‖g‖, ρ = \(NumberText.short(rho))", g.dot(epsilon) / (rho * g.norm()),
        to: 1, within: 4 * Double(d) * Double.ulpOfOne + 1e-12 / g.norm(),
        because: "Cauchy and Schwarz; 4d roundings and 10⁻¹² in the denominator")
      let value = g.dot(epsilon) + rounding + 1e-12 * rho
      for rival in rivals(of: epsilon, gradient: g, rho: rho, seed: context.seed) {
        points += 1
        // A rival is scaled into the ball by its rounded norm, so it may lie outside by d roundings.
        let reached = g.dot(rival)
        best = max(best, reached / (rho * g.norm()))
        if !(reached <= value) { beaten += 1 }
      }
    }
    evidence.none(
      "points of the ball above the rule's", beaten, of: points, because: "4d roundings of ρ‖g‖")
    evidence.observe("best ⟨g, ε⟩/(ρ‖g‖) of any rival", best, because: "1 is the maximum")
    return evidence.verdict(
      ifAllHold: .supported, summary: "⟨g, ε⟩ = ρ‖g‖, and no point of the ball tried lies above")
  }

  private static func rivals(
    of epsilon: Tensor<Double>, gradient g: Tensor<Double>, rho: Double, seed: UInt64
  ) -> [Tensor<Double>] {
    let d = g.count
    let random = (0..<2000).map { k in
      Gaussian.vector(Double.self, count: d, seed: seed, index: UInt64(5000 + k))
    }
    let tilts = (0..<200).map { k in epsilon.addingScaled(rho * 1e-3, random[k]) }
    let axes = (0..<d).flatMap { i in
      [1.0, -1].map { s in Tensor<Double>((0..<d).map { $0 == i ? s : 0 }) }
    }
    let signs = Tensor(g.elements.map { $0 < 0 ? -1.0 : 1 })
    return (random + tilts + axes + [signs]).map { $0.scaled(by: rho / $0.norm()) }
  }

  /// M1: the length of the step; both gradients are of one mini-batch and one loss.
  static let ascentLength = Claim(
    id: "M1", kind: .own, source: .supplement("Algorithm 1"),
    statement:
      "The SAM rule of this package takes the step of Algorithm 1: ε = ρg/‖g‖ has length ρ, both passes see the same mini-batch and the "
      + "same loss, and the descent starts from w, not from w + ε.",
    tier: .exact,
    leaf: .algorithm, weight: .remark,
    nulls: .losing([.rhoZero]),
    refutedBy:
      "Another length, a second query of another part of the mini-batch, or a step from another point.",
    procedure:
      "A recording oracle around a noisy quadratic notes every query of the SAM rule, in Float and Double, for "
      + "gradient norms from 10⁻³ to 10³.",
    variant: "normalized ascent"
  ) { context in
    var evidence = Evidence()
    try judgeLength(Float.self, context, into: &evidence)
    try judgeLength(Double.self, context, into: &evidence)
    return evidence.verdict(
      ifAllHold: .supported,
      summary: "ε = ρg/‖g‖, of length ρ to 4ε + 10⁻¹²/‖g‖; two queries of one mini-batch; descent from w")
  }

  private static func judgeLength<Element: Real>(
    _ type: Element.Type, _ context: ClaimContext, into evidence: inout Evidence
  ) throws {
    let d = 24
    var worst = 0.0
    var lowestCosine = 1.0
    var otherQueries = 0
    var otherBatch = 0
    var otherDescent = 0
    var steps = 0
    for rho in [0.05, 0.5, 0.8] {
      for size in [1e-3, 1, 1e3] {
        let g = Gaussian.vector(type, count: d, seed: context.seed, index: 6000).scaled(by: size)
        let start = Gaussian.vector(type, count: d, seed: context.seed, index: 6001)
        for point in [Tensor<Element>.zeros([d]), start] {
          let ascent = try AscentStep(context.subject, rho: rho, linear: g, at: point)
          steps += 1
          let first = ascent.firstGradient.norm()
          let epsilon = Double(Element.ulpOfOne)
          // At w = 0 the perturbed point is ε itself; elsewhere each entry of w + ε is rounded once, by at most half an
          // ulp of |w| + |ε|.
          let placing = point.norm() == 0 ? 0 : epsilon * (point.norm() + rho)
          let bound = rho * (4 * epsilon + 1e-12 / first) + placing
          worst = Worst.of(worst, (ascent.perturbation.norm() - rho).magnitude / bound)
          let along = ascent.firstGradient.dot(ascent.perturbation) / (first * ascent.perturbation.norm())
          // A perpendicular error of relative size δ reduces the cosine by δ²/2; the rounding of the cosine adds
          // 2d·ε₆₄.
          let sideways = 4 * epsilon + placing / rho
          let allowed = sideways * sideways + 2 * Double(d) * Double.ulpOfOne
          lowestCosine = -Worst.of(-lowestCosine, (1 - along) / allowed)
          if ascent.queries != 2 || !ascent.sameLoss { otherQueries += 1 }
          if !ascent.samePart { otherBatch += 1 }
          if ascent.descendedTo != ascent.expectedEnd { otherDescent += 1 }
        }
      }
    }
    let name = type.dtypeName
    evidence.atMost(
      "\(name): largest | ‖ε‖ − ρ | in units of its bound", worst, 1,
      because: "ρ(4ε + 10⁻¹²/‖g‖), plus the rounding of w + ε where w ≠ 0")
    evidence.atLeast(
      "\(name): lowest cosine of ε with g less 1, in units of its bound", lowestCosine, -1,
      because: "ε points along +g; rounding turns it by 4ε and by the rounding of w + ε")
    evidence.none(
      "\(name): steps without exactly two queries of one loss", otherQueries, of: steps,
      because: "the second gradient is that of the same mini-batch loss at w + ε, bit for bit")
    evidence.none("\(name): steps that changed the mini-batch", otherBatch, of: steps, because: "Algorithm 1")
    evidence.none(
      "\(name): steps that did not descend from w by η·g(w + ε), bit for bit", otherDescent, of: steps,
      because: "Algorithm 1; momentum 0, so w − ηg is one product and one difference")
  }

  /// M3: the direction does not depend on the scale of the loss.
  static let ascentScaleInvariance = Claim(
    id: "M3", kind: .own, source: .supplement("Algorithm 1"),
    statement:
      "But for rounding and the 10⁻¹² beside ‖g‖, the perturbation ε is the same when the loss is multiplied by c > 0.",
    tier: .exact,
    leaf: .algorithm, weight: .remark,
    nulls: .none(because: "an invariance under the loss's scale, which holds at every radius"),
    refutedBy:
      "A different perturbation under loss·c: different bits in Float for a power of two, else beyond the bound.",
    procedure:
      "The perturbation of the SAM rule at w = 0 under loss·c for c from 2⁻⁸ to 2⁸ and c = 0.3, 7, 1240.",
    variant: "normalized ascent"
  ) { context in
    var evidence = Evidence()
    var wrongBits = 0
    var powers = 0
    var worst = 0.0
    for seed in 0..<4 {
      let g = Gaussian.vector(Float.self, count: 24, seed: context.seed, index: UInt64(7000 + seed))
      let one = try AscentStep(context.subject, rho: 0.5, linear: g, at: .zeros([24]))
      for c in [1.0 / 256, 0.25, 2, 256] {
        powers += 1
        let other = try AscentStep(context.subject, rho: 0.5, linear: g, at: .zeros([24]), scale: c)
        if other.perturbation != one.perturbation { wrongBits += 1 }
      }
      for c in [0.3, 7, 1240] {
        let other = try AscentStep(context.subject, rho: 0.5, linear: g, at: .zeros([24]), scale: c)
        let difference = (other.perturbation - one.perturbation).norm()
        // c·g rounds once per entry; the factor ρ/‖g‖ and the product round once each, on both sides.
        let bound = 0.5 * (6 * Double(Float.ulpOfOne) + 1e-12 * (1 + 1 / c) / one.firstGradient.norm())
        worst = Worst.of(worst, difference / bound)
      }
    }
    evidence.none(
      "F32: powers of two that change a bit of ε", wrongBits, of: powers,
      because: "scaling by 2ᵏ commutes with every rounding; 10⁻¹² is below Float's resolution")
    evidence.atMost(
      "F32: largest change of ε for other c, in units of its bound", worst, 1,
      because: "six roundings an entry and 10⁻¹²/‖g‖ on both sides")
    return evidence.verdict(
      ifAllHold: .supported, summary: "ε keeps its bits for c = 2ᵏ and moves by rounding alone for other c")
  }
}

/// One step of the SAM rule on f(x) = ½‖x‖² + ⟨b, x⟩, and the properties of its queries.
struct AscentStep<Element: Real> {
  /// The second query's point minus w.
  var perturbation: Tensor<Element>
  var firstGradient: Tensor<Element>
  var queries: Int
  /// Whether both queries requested the same part of the mini-batch.
  var samePart: Bool
  /// Whether the gradients are those of one loss at the queried points.
  var sameLoss: Bool
  var descendedTo: Tensor<Element>
  /// w − ηg(w + ε), each operation rounded.
  var expectedEnd: Tensor<Element>

  init(
    _ subject: any ClaimSubject, rho: Double, linear: Tensor<Element>, at point: Tensor<Element>,
    scale: Double = 1
  ) throws {
    let loss = KnownQuadratic<Element>(
      spectrum: Array(repeating: 1, count: linear.count), reflections: 0, seed: 0)
    var oracle = LossOracle(loss, noise: linear)
    oracle.scale = scale
    let rule = try subject.sharpnessAware(rho: rho, normalized: true, momentum: 0, as: Element.self)
    var run = RuleRun(rule, on: oracle, from: point, learningRate: 0.1)
    try run.step()
    let asked = run.oracle.queries
    // A rule with a single query has no second point; its perturbation is zero.
    let last = asked[asked.count - 1]
    perturbation = last.point - point
    firstGradient = asked[0].gradient
    queries = asked.count
    samePart = asked.allSatisfy { $0.part == asked[0].part }
    var fresh = oracle
    sameLoss = try asked.allSatisfy { query in
      try fresh.evaluate(
        at: .init(layout: run.parameters.layout, flat: query.point), on: .all, statistics: .freeze
      ).gradient.flat == query.gradient
    }
    descendedTo = run.point
    expectedEnd = point.addingScaled(-0.1, last.gradient)
  }
}
