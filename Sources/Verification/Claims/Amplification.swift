import EscapementDrawing
import EscapementOptimizers

// The factor (1 + ρλ)² as a function of ρ: where it amplifies, attenuates, vanishes and reverses the sign.

extension Claim {
  /// The claims about Theorem 1's factor, in the catalog's order.
  static let amplifications: [Claim] = [.amplification, .amplificationCondition, .monotonicity]

  /// T3: whether SAM amplifies along negative curvature.
  static let amplification = Claim(
    id: "T3", kind: .paper, source: .poster("Theorem 1"),
    quote:
      "using SAM amplifies the component of gradient by a factor of (1 + ρλ_min)² in the direction of "
      + "negative curvature",
    statement: "SAM amplifies the gradient component along negative curvature: its second moment grows.",
    tier: .exact,
    leaf: .theory, weight: .headline,
    nulls: .losing([.rhoZero]),
    figure: .factorAgainstRadius,
    refutedBy:
      "A rule that amplifies at no radius, or at radii other than those beyond 2/|λ|, so that ρ|λ| > 2 does not repair the sentence.",
    procedure:
      "Factor of the second moments, measured with the SAM rule, on a grid of λ < 0 and ρ around 2/|λ|. Supported if every radius "
      + "amplifies; conditional if exactly those beyond 2/|λ| do. T1 judges the factor itself.",
    variant: "unnormalized ascent, additive noise", procedureVersion: 2
  ) { context in
    var evidence = Evidence()
    let factors = try [0.05, 0.2, 1.0 / 3, 0.5, 2.0 / 3, 0.8, 1].map { rho in
      evidence.observe(
        "factor at λ = -3, ρ = \(NumberText.short(rho))",
        try SaddleExperiment.negativeCurvature(3, seed: context.seed)
          .moments(context.subject, rho: rho, normalized: false).factor,
        because: "the second moment's; the component is scaled by its root, |1 + ρλ|")
    }
    var wrong = 0
    var points = 0
    var amplified = 0
    for a in [0.5, 1, 3, 10, 40] {
      let experiment = SaddleExperiment.negativeCurvature(a, seed: context.seed)
      for product in [0.02, 0.5, 0.9, 1, 1.5, 1.98, 2.02, 2.5, 4] {
        let moments = try experiment.moments(context.subject, rho: product / a, normalized: false)
        let amplifies = moments.factor > 1
        if amplifies != (product > 2) { wrong += 1 }
        if amplifies { amplified += 1 }
        points += 1
      }
    }
    if amplified == points {
      evidence.none(
        "radii that do not amplify", points - amplified, of: points, because: "the sentence as printed")
      return evidence.verdict(ifAllHold: .supported, summary: "amplifies at every radius tried")
    }
    evidence.observe(
      "radii that do not amplify", Double(points - amplified), unit: "of \(points)",
      because: "the sentence as printed would have none")
    evidence.none(
      "radii where amplification and ρ|λ| > 2 disagree", wrong, of: points,
      because: "(1 + ρλ)² > 1 exactly when ρ|λ| > 2 for λ < 0")
    return evidence.verdict(
      ifAllHold: .conditional("ρ|λ| > 2"),
      summary: "amplifies only if ρ|λ| > 2; at λ = -3 the factor is \(factors[0].valueText) for ρ = 0.05 and "
        + "\(factors[3].valueText) for ρ = 0.5",
      refutation: "amplifies at \(amplified) of \(points) radii, which are not those with ρ|λ| > 2")
  }

  /// T3b: the condition that the supplement does not state.
  static let amplificationCondition = Claim(
    id: "T3b", kind: .own, source: .supplement("§B, \"under certain conditions\""),
    statement: "With ρ > 0 SAM amplifies along an eigenvector exactly if ρλ < −2 or λ > 0.",
    tier: .exact,
    leaf: .theory, weight: .remark,
    nulls: .losing([.rhoZero]),
    refutedBy: "A curvature at which the measured factor crosses 1 at another radius than 2/|λ|.",
    procedure:
      "Bisection for the radius beyond 1/|λ| at which the measured factor reaches 1; positive curvature is "
      + "scanned over radii.",
    variant: "unnormalized ascent, additive noise"
  ) { context in
    var evidence = Evidence()
    var crossings: [Measurement] = []
    for a in [0.5, 3, 20] {
      let experiment = SaddleExperiment.negativeCurvature(a, seed: context.seed)
      let crossing = try Bisection.root(between: 1 / a, and: 4 / a) { rho in
        try experiment.moments(context.subject, rho: rho, normalized: false).factor - 1
      }
      // Near the crossing the factor's slope is 2a, so an error β of the factor moves the crossing by β/2a.
      let moments = try experiment.moments(context.subject, rho: 2 / a, normalized: false)
      let bound = experiment.roundingBound(moments, rho: 2 / a) / (2 * a)
      crossings.append(
        evidence.equal(
          "crossing radius at λ = -\(NumberText.short(a))", crossing, to: 2 / a,
          within: 2 * bound + Bisection.resolution * 4 / a,
          because: "rounding of the factor over its slope 2|λ|, and the bisection's resolution"))
    }
    var wrong = 0
    let radii = [1e-6, 0.05, 0.5, 2, 10]
    for rho in radii {
      let experiment = SaddleExperiment(
        spectrum: [-3, -1, 0, 0.5, 2, 4], index: 4, distance: 0.1, seed: context.seed)
      let factor = try experiment.moments(context.subject, rho: rho, normalized: false).factor
      if !(factor > 1) { wrong += 1 }
    }
    evidence.none(
      "radii at which λ = 2 is not amplified", wrong, of: radii.count, because: "1 + ρλ > 1 for λ > 0")
    return evidence.verdict(
      ifAllHold: .supported,
      summary:
        "the factor crosses 1 at ρ = 2/|λ|: \(crossings[1].valueText) for λ = -3")
  }

  /// T8: whether the component grows with ρ.
  static let monotonicity = Claim(
    id: "T8", kind: .paper, source: .poster("Analysis"),
    quote: "As ρ increases, the component of gradient in the direction of negative curvature increases.",
    statement: "As ρ increases, the gradient component in the direction of negative curvature increases.",
    tier: .exact,
    leaf: .theory, weight: .table,
    nulls: .losing([.rhoZero]),
    figure: .factorAgainstRadius,
    refutedBy:
      "A component that a larger ρ does not raise anywhere, or that falls somewhere beyond 1/|λ| or rises before it, so that "
      + "ρ|λ| > 1 does not repair the sentence.",
    procedure:
      "Factor of the second moments at ρ|λ| = 0 and from 1/16 to 63/16 for three curvatures. Supported if it rises between all "
      + "neighbors; conditional if it falls up to ρ|λ| = 1 and rises from there.",
    variant: "unnormalized ascent, additive noise", procedureVersion: 2
  ) { context in
    var evidence = Evidence()
    var rises = 0
    var wrong = 0
    var exceeding = 0
    var pairs = 0
    let products = [0] + stride(from: 1.0 / 16, to: 4, by: 1.0 / 8)
    for a in [0.5, 3, 20] {
      let experiment = SaddleExperiment.negativeCurvature(a, seed: context.seed)
      let factors = try products.map {
        try experiment.moments(context.subject, rho: $0 / a, normalized: false).factor
      }
      for k in 1..<products.count {
        pairs += 1
        if factors[k] > factors[k - 1] { rises += 1 }
        if products[k] <= 1, !(factors[k] < factors[k - 1]) { wrong += 1 }
        if products[k - 1] >= 1, !(factors[k] > factors[k - 1]) { wrong += 1 }
        if factors[k] > factors[0] { exceeding += 1 }
      }
    }
    evidence.observe(
      "radii whose component exceeds that of ρ = 0", Double(exceeding), unit: "of \(pairs)",
      because: "(1 − ρ|λ|)² > 1 exactly beyond ρ|λ| = 2")
    if rises == pairs {
      evidence.none(
        "neighbors between which it does not rise", pairs - rises, of: pairs,
        because: "the sentence as printed")
      return evidence.verdict(ifAllHold: .supported, summary: "rises with ρ between all neighbors")
    }
    evidence.observe(
      "neighbors between which it does not rise", Double(pairs - rises), unit: "of \(pairs)",
      because: "the sentence as printed would have none")
    evidence.none(
      "neighbors in the wrong order", wrong, of: pairs,
      because: "(1 − ρ|λ|)² falls up to ρ|λ| = 1 and rises after")
    return evidence.verdict(
      ifAllHold: .conditional("ρ|λ| > 1"),
      summary:
        "the component falls up to ρ = 1/|λ|, vanishes there, and exceeds plain SGD's only beyond 2/|λ|",
      refutation: "rises between \(rises) of \(pairs) neighbors, which are not those beyond ρ|λ| = 1")
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
  /// The width after fifty halvings.
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
