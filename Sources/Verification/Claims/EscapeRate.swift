import EscapementCurvature
import EscapementDrawing
import EscapementOptimizers
import EscapementKernels
import EscapementTraining

// How fast the parameters leave a saddle along negative curvature.

extension Claim {
  /// The claims about escape from a saddle point, in the catalog's order.
  static let escapes: [Claim] = [.escape, .escapeRate]

  /// T6: whether SAM with a high radius leaves a saddle.
  static let escape = Claim(
    id: "T6", kind: .paper, source: .poster("Theorem 1"),
    quote: "hence SAM with high ρ can effectively escape saddle points",
    statement: "With a radius that is high enough SAM leaves a saddle along its negative curvature.",
    tier: .exact,
    leaf: .theory, weight: .headline,
    nulls: .losing([.rhoZero]),
    refutedBy:
      "A radius beyond ρ|λ| = 1 + 2(1 + m)/(η|λ|) at which the saddle keeps the parameters, or one between 1 and that at which "
      + "it does not, so that the condition does not repair the sentence; or a radius without effect.",
    procedure:
      "Steps of SAM with momentum m = 0 and 0.9 on −ay²/2, at radii below, inside and above the window of attraction; whether the "
      + "distance grows is measured from the trajectory. Supported if it grows at every radius tried; conditional if exactly the "
      + "radii with 1 < ρ|λ| < 1 + 2(1 + m)/(η|λ|) hold the parameters. How fast is T6b's question.",
    variant: "unnormalized ascent, heavy-ball momentum, a = |λ|, η the learning rate", procedureVersion: 2
  ) { context in
    var evidence = Evidence()
    let seen = try [0.05, 0.2, 0.5, 0.8].map { rho in
      evidence.observe(
        "growth a step at |λ| = 10, ρ = \(NumberText.short(rho)), η = 0.1, m = 0.9",
        try EscapeDirection(curvature: 10, rho: rho, learningRate: 0.1, momentum: 0.9).growth(
          context.subject),
        because: "below 1 the saddle attracts; the window is 0.1 < ρ < 0.48")
    }
    var held = 0
    var wrong = 0
    var idle = 0
    var points = 0
    for momentum in [0, 0.9] {
      for product in [0.1, 0.5, 1] {
        let a = 4.0
        let end = 1 + 2 * (1 + momentum) / product
        func growth(_ rho: Double) throws -> Double {
          try EscapeDirection(curvature: a, rho: rho, learningRate: product / a, momentum: momentum)
            .growth(context.subject)
        }
        let plain = try growth(0)
        for reach in [
          0.5, 0.97, 0.999, 1.001, 1.03, 1 + 0.3 * (end - 1), 0.97 * end, 0.999 * end,
          1.001 * end, 1.03 * end, 3 * end,
        ] {
          let measured = try growth(reach / a)
          let attracted = reach > 1 && reach < end
          points += 1
          if !(measured > 1) { held += 1 }
          if attracted ? !(measured < 1) : !(measured > 1) { wrong += 1 }
          // Paths of the same computation agree up to rounding; at these radii SAM's path differs by 10⁻⁴ and more.
          if (measured - plain).magnitude <= 1e-9 * plain { idle += 1 }
        }
      }
    }
    evidence.none(
      "radii at which SAM moves as with ρ = 0", idle, of: points,
      because: "a radius without effect says nothing of SAM")
    if held == 0 {
      evidence.none(
        "radii at which the saddle holds the parameters", held, of: points,
        because: "the sentence for every radius tried")
      return evidence.verdict(ifAllHold: .supported, summary: "leaves the saddle at every radius tried")
    }
    evidence.observe(
      "radii at which the saddle holds the parameters", Double(held), unit: "of \(points)",
      because: "the sentence without a condition would have none")
    evidence.none(
      "radii where attraction and 1 < ρ|λ| < 1 + 2(1 + m)/(η|λ|) disagree", wrong, of: points,
      because: "both roots of z² − (1 + m + ηa(1 − ρa))z + m lie inside the unit circle")
    return evidence.verdict(
      ifAllHold: .conditional("ρ|λ| > 1 + 2(1 + m)/(η|λ|)"),
      summary:
        "leaves the saddle if ρ|λ| < 1, is drawn to it for 1 < ρ|λ| < 1 + 2(1 + m)/(η|λ|), and leaves it at every higher radius: "
        + "at |λ| = 10, η = 0.1, m = 0.9 the growth a step is \(seen[1].valueText) for ρ = 0.2 and \(seen[2].valueText) for "
        + "ρ = 0.5")
  }

  /// T6b: the escape speed of SAM against SGD.
  static let escapeRate = Claim(
    id: "T6b", kind: .own, source: .poster("Theorem 1, \"SAM with high ρ\"; derived"),
    statement:
      "On −ay²/2 SAM with the unnormalized step grows by 1 + ηa(1 − ρa) a step without momentum, and with momentum m leaves the "
      + "saddle faster than SGD exactly if ρ|λ| > 2 + 2(1 + m)/(η|λ|).",
    tier: .exact,
    leaf: .theory, weight: .remark,
    nulls: .losing([.rhoZero]),
    refutedBy: "Growth factors other than 1 + ηa(1 − ρa), or faster escape at other radii.",
    procedure:
      "Steps of SGD and SAM with momentum m = 0 and 0.9 on −ay²/2: growth is measured from the trajectory, the "
      + "threshold from both sides and by bisection, and the variance after six noisy steps by enumerating all "
      + "64 noise sequences.",
    variant: "unnormalized ascent, heavy-ball momentum, a = |λ|, η the learning rate"
  ) { context in
    var evidence = Evidence()
    try growthFactors(context.subject, into: &evidence)
    try speeds(context.subject, into: &evidence)
    try thresholds(context.subject, into: &evidence)
    try variances(context.subject, into: &evidence)
    return evidence.verdict(
      ifAllHold: .supported,
      summary: "slower than SGD at every radius up to ρ|λ| = 2 + 2(1 + m)/(η|λ|), and faster beyond")
  }

  private static func growthFactors(_ subject: any ClaimSubject, into evidence: inout Evidence) throws {
    for (a, rho) in [(10.0, 0.0), (10, 0.05), (10, 0.15), (10, 0.3), (10, 0.5), (1, 0.5), (1, 25)] {
      let escape = EscapeDirection(curvature: a, rho: rho, learningRate: 0.1, momentum: 0)
      let path = try escape.path(subject, steps: 1)
      let q = 1 + 0.1 * a * (1 - rho * a)
      // About eight roundings; the largest intermediate is ηa(1 + ρa).
      evidence.equal(
        "growth factor at a = \(NumberText.short(a)), ρ = \(NumberText.short(rho)), η = 0.1",
        path[1] / path[0],
        to: q, within: 8 * Double.ulpOfOne * (1 + 0.1 * a * (1 + rho * a)),
        because: "eight roundings of sizes up to 1 + ηa(1 + ρa)")
    }
    // With momentum the path obeys y₂ = s·y₁ − m·y₀ with s = 1 + m + ηa(1 − ρa).
    for (a, rho) in [(10.0, 0.05), (10, 0.3), (1, 0.5)] {
      let escape = EscapeDirection(curvature: a, rho: rho, learningRate: 0.1, momentum: 0.9)
      let path = try escape.path(subject, steps: 2)
      evidence.equal(
        "recurrence s at a = \(NumberText.short(a)), ρ = \(NumberText.short(rho)), η = 0.1, m = 0.9",
        (path[2] + 0.9 * path[0]) / path[1], to: 1.9 + 0.1 * a * (1 - rho * a),
        within: 64 * Double.ulpOfOne * (1 + 0.1 * a * (1 + rho * a)) / min(1, path[1].magnitude),
        because: "about 64 roundings of two steps over the size of y₁")
    }
  }

  private static func speeds(_ subject: any ClaimSubject, into evidence: inout Evidence) throws {
    var wrong = 0
    var points = 0
    for momentum in [0, 0.9] {
      for product in [0.1, 0.5, 1] {
        let a = 4.0
        let threshold = 2 + 2 * (1 + momentum) / product
        func growth(_ rho: Double) throws -> Double {
          try EscapeDirection(curvature: a, rho: rho, learningRate: product / a, momentum: momentum)
            .growth(subject)
        }
        let plain = try growth(0)
        for reach in [
          0.5, 1.03, 0.97 * (threshold - 1), 1.03 * (threshold - 1), 0.97 * threshold,
          1.03 * threshold, 3 * threshold,
        ] {
          let measured = try growth(reach / a)
          points += 1
          if reach > threshold ? !(measured > plain) : !(measured < plain) { wrong += 1 }
        }
      }
    }
    evidence.none(
      "settings where faster escape and ρa > 2 + 2(1 + m)/(ηa) disagree", wrong, of: points,
      because: "the larger root exceeds SGD's in size")
  }

  private static func thresholds(_ subject: any ClaimSubject, into evidence: inout Evidence) throws {
    for (a, momentum) in [(10.0, 0.0), (1, 0), (10, 0.9)] {
      let expected = (2 + 2 * (1 + momentum) / (0.1 * a)) / a
      let plain = try EscapeDirection(curvature: a, rho: 0, learningRate: 0.1, momentum: momentum)
        .growth(subject)
      let found = try Bisection.root(between: expected / 1.5, and: expected * 1.5) { rho in
        try EscapeDirection(curvature: a, rho: rho, learningRate: 0.1, momentum: momentum).growth(subject)
          - plain
      }
      evidence.equal(
        "smallest ρ that escapes faster than SGD at a = \(NumberText.short(a)), η = 0.1, m = \(momentum)",
        found, to: expected, within: 1e-11 * expected,
        because:
          "some 50 roundings of four points, times at most 100 for solving them for s and p, and 50 halvings")
    }
  }

  private static func variances(_ subject: any ClaimSubject, into evidence: inout Evidence) throws {
    let settings: [(a: Double, rho: Double, rate: Double, note: String)] = [
      (10, 0, 0.1, "SGD"), (10, 0.05, 0.1, "q = 1.5"), (10, 0.25, 0.1, "q = -0.5"), (1, 3, 1, "q = -1"),
      (1, 1, 0.1, "q = 1"),
    ]
    for (a, rho, rate, note) in settings {
      let escape = EscapeDirection(curvature: a, rho: rho, learningRate: rate, momentum: 0)
      let measured = try escape.variance(subject, steps: 6, noise: 0.5)
      let q = 1 + rate * a * (1 - rho * a)
      let square = q * q
      // (q¹² − 1)/(q² − 1) is computed as a geometric sum, because the quotient is undefined at q = ±1.
      var sum = 0.0
      for _ in 0..<6 { sum = sum * square + 1 }
      let expected = rate * rate * 0.25 * (1 - rho * a) * (1 - rho * a) * sum
      let size = rate * 0.5 * (1 + rho * a)
      evidence.equal(
        "variance after 6 steps, \(note)", measured, to: expected,
        within: 128 * Double.ulpOfOne * size * size * max(sum, 6),
        because: "exact sum over 64 noise sequences; 128 roundings of sizes up to (ηs(1 + ρa))²·Σq²ᵏ")
    }
  }
}

/// Movement along one direction of curvature −a.
struct EscapeDirection {
  var curvature: Double
  /// The radius ρ; 0 is plain gradient descent.
  var rho: Double
  var learningRate: Double
  var momentum: Double

  private func run(
    _ subject: any ClaimSubject, from start: Double
  ) throws -> RuleRun<KnownQuadratic<Double>> {
    let loss = KnownQuadratic<Double>(spectrum: [-curvature], reflections: 0, seed: 0)
    let rule: any UpdateRule<Double> =
      try rho == 0
      ? subject.gradientDescent(momentum: momentum, as: Double.self)
      : subject.sharpnessAware(rho: rho, normalized: false, momentum: momentum, as: Double.self)
    return RuleRun(rule, on: LossOracle(loss), from: Tensor([start]), learningRate: learningRate)
  }

  /// y₀ = 1, y₁, …, y_steps.
  func path(_ subject: any ClaimSubject, steps: Int) throws -> [Double] {
    var run = try run(subject, from: 1)
    var path = [1.0]
    for _ in 0..<steps {
      try run.step()
      path.append(run.point[0])
    }
    return path
  }

  /// The asymptotic growth of the path per step, from its first four points.
  ///
  /// A step with momentum obeys y₂ = s·y₁ − p·y₀ and y₃ = s·y₂ − p·y₁; solving for s and p assumes neither the momentum
  /// nor the rule's formula. The growth is the size of the larger root of z² − sz + p: √p where the roots are complex.
  /// Without momentum the path is geometric, and one ratio suffices.
  func growth(_ subject: any ClaimSubject) throws -> Double {
    let y = try path(subject, steps: momentum == 0 ? 1 : 3)
    if momentum == 0 { return (y[1] / y[0]).magnitude }
    let determinant = y[1] * y[1] - y[0] * y[2]
    let s = (y[1] * y[2] - y[0] * y[3]) / determinant
    let p = (y[2] * y[2] - y[1] * y[3]) / determinant
    let discriminant = s * s - 4 * p
    return discriminant < 0 ? p.squareRoot() : (s.magnitude + discriminant.squareRoot()) / 2
  }

  /// The second moment of y from 0 with noise ±s, over all sequences of signs.
  func variance(_ subject: any ClaimSubject, steps: Int, noise: Double) throws -> Double {
    var sum = 0.0
    for sequence in 0..<(1 << steps) {
      var run = try run(subject, from: 0)
      for step in 0..<steps {
        run.oracle.noise = Tensor([sequence >> step & 1 == 0 ? noise : -noise])
        try run.step()
      }
      sum += run.point[0] * run.point[0]
    }
    return sum / Double(1 << steps)
  }
}
