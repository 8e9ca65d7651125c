import Kernels
import Training

// How fast the parameters leave a saddle along negative curvature.

extension Claim {
  /// T6: the escape speed of SAM against SGD.
  static let escapeRate = Claim(
    id: "T6", kind: .paper, source: .poster("\"SAM with high ρ can effectively escape saddle points\""),
    quote: "SAM with high ρ can effectively escape saddle points",
    statement: "SAM with a high ρ escapes saddle points faster than SGD.",
    tier: .exact,
    leaf: .theory, weight: .headline,
    nulls: .losing([.rhoZero]),
    refutedBy:
      "Growth factors other than 1 + ηa(1 − ρa), or a window of contraction or of faster escape elsewhere.",
    procedure:
      "Steps of SGD and SAM with momentum m = 0 and 0.9 on −ay²/2: growth is measured from the trajectory, "
      + "thresholds from both sides and by bisection, and the variance after six noisy steps by enumerating all "
      + "64 noise sequences.",
    variant: "unnormalised ascent, heavy-ball momentum, a = |λ|, η the learning rate"
  ) { context in
    var evidence = Evidence()
    try growthFactors(context.subject, into: &evidence)
    try windows(context.subject, into: &evidence)
    try thresholds(context.subject, into: &evidence)
    try variances(context.subject, into: &evidence)
    return evidence.verdict(
      ifAllHold: .conditional("ρ|λ| > 2 + 2(1 + m)/(η|λ|)"),
      summary:
        "slower below ρ|λ| = 1, attracted to the saddle up to 1 + 2(1 + m)/(η|λ|), faster than SGD only "
        + "beyond 2 + 2(1 + m)/(η|λ|)")
  }

  private static func growthFactors(_ subject: any ClaimSubject, into evidence: inout Evidence) throws {
    for (a, rho) in [(10.0, 0.0), (10, 0.05), (10, 0.15), (10, 0.3), (10, 0.5), (1, 0.5), (1, 25)] {
      let escape = EscapeDirection(curvature: a, rho: rho, learningRate: 0.1, momentum: 0)
      let path = try escape.path(subject, steps: 1)
      let q = 1 + 0.1 * a * (1 - rho * a)
      // Some eight roundings, the largest intermediate ηa(1 + ρa).
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

  private static func windows(_ subject: any ClaimSubject, into evidence: inout Evidence) throws {
    var wrongContraction = 0
    var wrongSpeed = 0
    var points = 0
    for momentum in [0, 0.9] {
      for product in [0.1, 0.5, 1] {
        let a = 4.0
        let rate = product / a
        let width = 2 * (1 + momentum) / product
        let plain = try EscapeDirection(curvature: a, rho: 0, learningRate: rate, momentum: momentum)
          .growth(subject)
        for edge in [1, 1 + width, 2 + width] {
          for side in [0.97, 1.03] {
            let escape = EscapeDirection(
              curvature: a, rho: side * edge / a, learningRate: rate, momentum: momentum)
            let contracts = side * edge > 1 && side * edge < 1 + width
            let faster = side * edge > 2 + width
            let growth = try escape.growth(subject)
            points += 1
            if (growth < 1) != contracts { wrongContraction += 1 }
            if (growth > plain) != faster { wrongSpeed += 1 }
          }
        }
      }
    }
    evidence.none(
      "settings where contraction and 1 < ρa < 1 + 2(1 + m)/(ηa) disagree", wrongContraction, of: points,
      because: "both roots of z² − (1 + m + ηa(1 − ρa))z + m lie inside the unit circle")
    evidence.none(
      "settings where faster escape and ρa > 2 + 2(1 + m)/(ηa) disagree", wrongSpeed, of: points,
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
      // (q¹² − 1)/(q² − 1) as the geometric sum it is: the quotient is undefined at q = ±1.
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
  /// 0 is plain gradient descent.
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
      : subject.sharpnessAware(rho: rho, normalised: false, momentum: momentum, as: Double.self)
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

  /// The growth per step that the path settles to, from its first four points.
  ///
  /// A step with momentum obeys y₂ = s·y₁ − p·y₀ and y₃ = s·y₂ − p·y₁; solving for s and p assumes neither
  /// the momentum nor the rule's formula. The growth is the size of the larger root of z² − sz + p: √p where
  /// the roots are complex. Without momentum the path is geometric and one ratio says it all.
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
