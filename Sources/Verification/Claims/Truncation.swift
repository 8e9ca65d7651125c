import EscapementCurvature
import EscapementOptimizers
import EscapementKernels

// Eqs. 2 to 4 of the supplement: the Taylor truncation of the SAM gradient.

extension Claim {
  /// T2: the truncation error decreases as ρ².
  static let truncation = Claim(
    id: "T2", kind: .paper, source: .supplement("§B, eqs. 2–4"),
    quote:
      "After considering ρ to be small we have the following approximation for the SAM gradient: ∇f(w "
      + "+ ρ∇f(w)) = ∇f(w) + ρH(f(w))∇f(w)",
    statement:
      "By the first-order Taylor expansion of a smooth gradient, one whose Hessian has a Lipschitz constant L₂ along the step, for small "
      + "ρ the SAM gradient ∇f(w + ε) equals ∇f(w) + H(w)ε up to a residual of order ρ², at most ‖ε‖²L₂/2.",
    tier: .exact,
    leaf: .theory, weight: .table,
    nulls: .losing([.rhoZero]),
    figure: .truncationSlope,
    refutedBy: "A smooth loss on which the residual exceeds ‖ε‖²L₂/2 or does not fall with ρ².",
    procedure:
      "One SAM step on a cubic and on Σ log cosh xᵢ, whose L₂ are known analytically, at ρ = 2⁻³ … 2⁻¹⁰; the "
      + "SAM gradient is recovered from the parameters, Hε from the exact Hessian.",
    variant: "both ascents", procedureVersion: 2
  ) { context in
    var evidence = Evidence()
    let cubic = CubicLoss(quadratic: Tensor([-2, 0.5, 1, 3]), cubic: Tensor([1.5, -2, 0.75, 1]))
    let point = Tensor([0.4, -0.3, 0.7, 0.2])
    let logCosh = LogCoshLoss(dimension: 4)
    var slopes: [Measurement] = []
    for normalized in [false, true] {
      let ascent = normalized ? "ε = ρg/‖g‖" : "ε = ρg"
      let exact = try TruncationCurve(
        cubic, lipschitz: cubic.hessianLipschitz, gradientThird: 0, at: point, normalized: normalized,
        subject: context.subject)
      exact.judge("cubic, \(ascent)", into: &evidence)
      let curved = try TruncationCurve(
        logCosh, lipschitz: LogCoshLoss.hessianLipschitz,
        gradientThird: LogCoshLoss.thirdDerivativeOfGradient, at: point, normalized: normalized,
        subject: context.subject)
      slopes.append(curved.judge("log cosh, \(ascent)", into: &evidence))
    }
    // A kink: f(x) = x + 4·max(x, 0)² has g(0) = 1 and g(ρ) = 1 + 8ρ, and no L₂.
    let kinked = try TruncationCurve(
      KinkedLoss(), lipschitz: .infinity, gradientThird: 0, at: Tensor([0]), normalized: true,
      subject: context.subject)
    let atKink = evidence.observe(
      "slope at a kink (rectified linear gradient)", kinked.slope,
      because: "the Hessian jumps by 8: the residual is 8ρ, of first order")
    evidence.note(
      "The gradient of a network of rectifiers is not smooth: across a kink, outside the statement, the residual is of order ρ."
    )
    return evidence.verdict(
      ifAllHold: .supported,
      summary:
        "slope \(slopes[0].valueText) and the explicit bounds on smooth losses; slope \(atKink.valueText) at a kink"
    )
  }
}

/// Residuals ‖∇f(w + ε) − ∇f(w) − Hε‖ of one loss over halved radii.
struct TruncationCurve {
  static let radii = (3...10).map { 1 / Double(1 << $0) }
  /// The residual at each radius.
  private(set) var residuals: [Double] = []
  /// Its bound ‖ε‖²L₂/2 from analysis.
  private(set) var bounds: [Double] = []
  /// The relative size of the terms that are not quadratic in ε: the next Taylor term and rounding.
  private(set) var disturbances: [Double] = []

  init<Loss: SmoothLoss<Double>>(
    _ loss: Loss, lipschitz: Double, gradientThird: Double, at point: Tensor<Double>, normalized: Bool,
    subject: any ClaimSubject
  ) throws {
    let g = loss.gradient(point)
    for rho in Self.radii {
      let epsilon = normalized ? g.scaled(by: rho / g.norm()) : g.scaled(by: rho)
      let observed = try descentGradient(
        of: subject.sharpnessAware(rho: rho, normalized: normalized, momentum: 0, as: Double.self),
        on: LossOracle(loss), at: point)
      let product = loss.hessianProduct(point, epsilon)
      let residual = (observed - g - product).norm()
      // About 32 roundings of the size of the operands of the subtraction, and the 10⁻¹² in the rule's denominator.
      let rounding =
        32 * Double.ulpOfOne * (point.norm() + observed.norm() + g.norm())
        + (normalized ? 1e-12 / g.norm() * product.norm() : 0)
      let length = epsilon.norm()
      residuals.append(residual)
      bounds.append(length * length * lipschitz / 2 + rounding)
      disturbances.append((gradientThird * length * length * length / 6 + rounding) / residual)
    }
  }

  /// The slope of log residual against log ρ over the last octave, where the expansion is most accurate.
  var slope: Double {
    let last = residuals.count - 1
    return ownLog(residuals[last - 1] / residuals[last]) / ownLog(2)
  }

  /// |slope − 2| when the residual is c·ρ²·(1 ± disturbance): (δ₁ + δ₂)/(1 − max δ)/log 2.
  var slopeTolerance: Double {
    let (a, b) = (disturbances[disturbances.count - 2], disturbances[disturbances.count - 1])
    return (a + b) / (1 - max(a, b)) / ownLog(2)
  }

  /// Judges slope and bounds, and returns the slope.
  @discardableResult
  func judge(_ name: String, into evidence: inout Evidence) -> Measurement {
    let measured = evidence.equal(
      "slope, \(name)", slope, to: 2, within: slopeTolerance,
      because: "third-order Taylor term and rounding, relative to the residual")
    let worst = zip(residuals, bounds).map { $0 / $1 }.reduce(0, Worst.of)
    evidence.atMost(
      "largest residual over its bound, \(name)", worst, 1,
      because: "‖ε‖²L₂/2 with L₂ known analytically, plus 32 roundings")
    return measured
  }
}

/// f(x) = x + 4·max(x, 0)²: twice differentiable everywhere except at 0.
struct KinkedLoss: SmoothLoss {
  var dimension: Int { 1 }
  func value(_ x: Tensor<Double>) -> Double { x[0] + 4 * x.map(.relu).dot(x.map(.relu)) }
  func gradient(_ x: Tensor<Double>) -> Tensor<Double> {
    x.map(.relu).scaled(by: 8).zip(.add, scalar: 1)
  }
  func hessianProduct(_ x: Tensor<Double>, _ direction: Tensor<Double>) -> Tensor<Double> {
    x.map(.heaviside).scaled(by: 8) * direction
  }
}
