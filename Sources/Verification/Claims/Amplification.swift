// What the factor (1 + ρλ)² does with ρ: where it amplifies, attenuates, vanishes and reverses.

extension Claim {
  /// T3: amplification along negative curvature needs ρ|λ| > 2.
  static let amplification = Claim(
    id: "T3", kind: .paper, source: .poster("Theorem 1"),
    quote:
      "using SAM amplifies the component of gradient by a factor of (1 + ρλ_min)² in the direction of "
      + "negative curvature",
    statement: "SAM amplifies the gradient component along negative curvature by (1 + ρλ)².",
    tier: .exact,
    leaf: .theory, weight: .headline,
    nulls: .losing([.rhoZero]),
    figure: .factorAgainstRadius,
    refutedBy: "A measured second moment that exceeds the plain one for some ρ|λ| ≤ 2, or other factors.",
    procedure:
      "Factor of the second moments at λ = −3 for seven radii and on a grid of λ < 0 and ρ around 2/|λ|, "
      + "measured with the SAM rule.",
    variant: "unnormalised ascent, additive noise"
  ) { context in
    var evidence = Evidence()
    let table: [(rho: Double, factor: Double)] = [
      (0.05, 0.7225), (0.2, 0.16), (1.0 / 3, 0), (0.5, 0.25), (2.0 / 3, 1), (0.8, 1.96), (1, 4),
    ]
    for (rho, expected) in table {
      let experiment = SaddleExperiment.negativeCurvature(3, seed: context.seed)
      let moments = try experiment.moments(context.subject, rho: rho, normalised: false)
      evidence.equal(
        "factor at λ = -3, ρ = \(NumberText.short(rho))", moments.factor, to: expected,
        within: experiment.roundingBound(moments, rho: rho), because: SaddleExperiment.roundingReason)
    }
    var wrong = 0
    var points = 0
    var attenuated = 0
    for a in [0.5, 1, 3, 10, 40] {
      let experiment = SaddleExperiment.negativeCurvature(a, seed: context.seed)
      for product in [0.02, 0.5, 0.9, 1, 1.5, 1.98, 2.02, 2.5, 4] {
        let moments = try experiment.moments(context.subject, rho: product / a, normalised: false)
        let amplifies = moments.factor > 1
        if amplifies != (product > 2) { wrong += 1 }
        if !amplifies { attenuated += 1 }
        points += 1
      }
    }
    evidence.none(
      "points where amplification and ρ|λ| > 2 disagree", wrong, of: points,
      because: "(1 + ρλ)² > 1 exactly when ρ|λ| > 2 for λ < 0")
    evidence.observe(
      "points with attenuation instead", Double(attenuated), unit: "of \(points)", because: "0 < ρ|λ| < 2")
    evidence.note("The component is scaled by |1 + ρλ|; the square is the factor of the second moment.")
    return evidence.verdict(
      ifAllHold: .conditional("ρ|λ| > 2"),
      summary: "amplifies only if ρ|λ| > 2; at λ = -3 the factor is "
        + "\(evidence.text(of: "factor at λ = -3, ρ = 0.05")) for ρ = 0.05 and "
        + "\(evidence.text(of: "factor at λ = -3, ρ = 0.5")) for ρ = 0.5")
  }

  /// T3b: the condition that the supplement leaves unstated.
  static let amplificationCondition = Claim(
    id: "T3b", kind: .own, source: .supplement("§B, \"under certain conditions\""),
    statement: "The unstated condition for amplification is ρλ < −2 (or λ > 0).",
    tier: .exact,
    leaf: .theory, weight: .remark,
    nulls: .losing([.rhoZero]),
    refutedBy: "A curvature at which the measured factor crosses 1 at another radius than 2/|λ|.",
    procedure:
      "Bisection for the radius beyond 1/|λ| at which the measured factor reaches 1; positive curvature is "
      + "scanned over radii.",
    variant: "unnormalised ascent, additive noise"
  ) { context in
    var evidence = Evidence()
    for a in [0.5, 3, 20] {
      let experiment = SaddleExperiment.negativeCurvature(a, seed: context.seed)
      let crossing = try Bisection.root(between: 1 / a, and: 4 / a) { rho in
        try experiment.moments(context.subject, rho: rho, normalised: false).factor - 1
      }
      // Near the crossing the factor's slope is 2a, so an error β of the factor moves it by β/2a.
      let moments = try experiment.moments(context.subject, rho: 2 / a, normalised: false)
      let bound = experiment.roundingBound(moments, rho: 2 / a) / (2 * a)
      evidence.equal(
        "crossing radius at λ = -\(NumberText.short(a))", crossing, to: 2 / a,
        within: 2 * bound + Bisection.resolution * 4 / a,
        because: "rounding of the factor over its slope 2|λ|, and the bisection's resolution")
    }
    var wrong = 0
    let radii = [1e-6, 0.05, 0.5, 2, 10]
    for rho in radii {
      let experiment = SaddleExperiment(
        spectrum: [-3, -1, 0, 0.5, 2, 4], index: 4, distance: 0.1, seed: context.seed)
      let factor = try experiment.moments(context.subject, rho: rho, normalised: false).factor
      if !(factor > 1) { wrong += 1 }
    }
    evidence.none(
      "radii at which λ = 2 is not amplified", wrong, of: radii.count, because: "1 + ρλ > 1 for λ > 0")
    return evidence.verdict(
      ifAllHold: .supported,
      summary:
        "the factor crosses 1 at ρ = 2/|λ|: \(evidence.text(of: "crossing radius at λ = -3")) for λ = -3")
  }

  /// T8: the component does not grow with ρ from the start.
  static let monotonicity = Claim(
    id: "T8", kind: .paper, source: .poster("Analysis"),
    quote: "As ρ increases, the component of gradient in the direction of negative curvature increases.",
    statement: "As ρ increases, the gradient component in the direction of negative curvature increases.",
    tier: .exact,
    leaf: .theory, weight: .table,
    nulls: .losing([.rhoZero]),
    figure: .factorAgainstRadius,
    refutedBy: "A fall of the measured factor beyond ρ = 1/|λ|, or a rise before it.",
    procedure: "Factor of the second moments on a grid of ρ|λ| from 1/16 to 63/16 for three curvatures.",
    variant: "unnormalised ascent, additive noise"
  ) { context in
    var evidence = Evidence()
    var wrongSlope = 0
    var wrongExcess = 0
    var pairs = 0
    for a in [0.5, 3, 20] {
      let experiment = SaddleExperiment.negativeCurvature(a, seed: context.seed)
      let products = stride(from: 1.0 / 16, to: 4, by: 1.0 / 8).map { $0 }
      let factors = try products.map {
        try experiment.moments(context.subject, rho: $0 / a, normalised: false).factor
      }
      for k in 1..<products.count {
        pairs += 1
        if products[k] <= 1, !(factors[k] < factors[k - 1]) { wrongSlope += 1 }
        if products[k - 1] >= 1, !(factors[k] > factors[k - 1]) { wrongSlope += 1 }
        if (factors[k] > 1) != (products[k] > 2) { wrongExcess += 1 }
      }
      let lowest = zip(products, factors).min { $0.1 < $1.1 }!.0
      evidence.equal(
        "ρ|λ| of the smallest factor, λ = -\(NumberText.short(a))", lowest, to: 1, within: 1.0 / 16,
        because: "half the grid's spacing")
    }
    evidence.none(
      "neighbours in the wrong order", wrongSlope, of: pairs,
      because: "(1 − ρ|λ|)² falls up to ρ|λ| = 1 and rises after")
    evidence.none(
      "points where exceeding the value at ρ = 0 and ρ|λ| > 2 disagree", wrongExcess, of: pairs,
      because: "(1 − ρ|λ|)² > 1 exactly beyond 2")
    return evidence.verdict(
      ifAllHold: .conditional("ρ|λ| > 1; it exceeds the value at ρ = 0 only if ρ|λ| > 2"),
      summary:
        "the component falls up to ρ = 1/|λ|, vanishes there, and exceeds plain SGD's only beyond 2/|λ|")
  }
}

extension SaddleExperiment {
  /// A saddle in six dimensions whose most negative curvature is −a.
  static func negativeCurvature(_ a: Double, seed: UInt64) -> SaddleExperiment {
    SaddleExperiment(
      spectrum: [-a, -a / 3, 0, a / 6, a / 2, a], index: 0, distance: 0.1, seed: seed)
  }
}

/// Where a continuous function changes sign.
enum Bisection {
  /// Fifty halvings.
  static let resolution = 1 / Double(1 << 50)

  /// A root in the interval, whose ends must have opposite signs; NaN if they do not.
  static func root(
    between low: Double, and high: Double, _ function: (Double) throws -> Double
  ) rethrows -> Double {
    var (low, high) = (low, high)
    let atLow = try function(low)
    guard try (atLow < 0) != (function(high) < 0) else { return .nan }
    for _ in 0..<50 {
      let middle = (low + high) / 2
      if try (function(middle) < 0) == (atLow < 0) { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }
}
