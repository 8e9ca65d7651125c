import Training

extension RuleSubject {
  /// The package's own rules and variants, in the order of the documentation: one entry each.
  public static let builtIn: [RuleSubject] = [
    RuleSubject("sgd", claims: .gradientDescent, { $1 }, { $1 }),
    RuleSubject(
      "sam", claims: .sharpnessAware(.released),
      { try SAM(base: $1, rho: $0.radius) }, { try SAM(base: $1, rho: $0.radius) }),
    RuleSubject(
      "sam-recommended", claims: .sharpnessAware(.recommended),
      { try SAM(base: $1, rho: $0.radius, variant: .recommended) },
      { try SAM(base: $1, rho: $0.radius, variant: .recommended) }),
    RuleSubject(
      "sam-unnormalized", claims: .sharpnessAware(unnormalized),
      { try SAM(base: $1, rho: $0.radius, variant: unnormalized) },
      { try SAM(base: $1, rho: $0.radius, variant: unnormalized) }),
    RuleSubject(
      "sam-adaptive", claims: .sharpnessAware(adaptive),
      { try SAM(base: $1, rho: $0.radius, variant: adaptive) },
      { try SAM(base: $1, rho: $0.radius, variant: adaptive) }),
    RuleSubject(
      "imbsam", claims: .perturbedTail(normConstant: 1e-16), { try ImbSAM(base: $1, rho: $0.radius) },
      { try ImbSAM(base: $1, rho: $0.radius) }),
    RuleSubject("sse-sam", claims: .sseSAM, { try sseSAM($0, $1) }, { try sseSAM($0, $1) }),
    RuleSubject(
      "pgd", claims: .perturbed(.weights),
      { try PGD(base: $1, sigma: $0.radius, seed: $0.seed) },
      { try PGD(base: $1, sigma: $0.radius, seed: $0.seed) }),
    RuleSubject(
      "pgd-gradient", claims: .perturbed(.gradient),
      { try PGD(base: $1, sigma: $0.radius, variant: .gradient, seed: $0.seed) },
      { try PGD(base: $1, sigma: $0.radius, variant: .gradient, seed: $0.seed) }),
    RuleSubject(
      "lpf-sgd-1", claims: .lowPass(shards: 1),
      { try LPFSGD(base: $1, radius: $0.radius, shards: 1, seed: $0.seed) },
      { try LPFSGD(base: $1, radius: $0.radius, shards: 1, seed: $0.seed) }),
    RuleSubject(
      "lpf-sgd-4", claims: .lowPass(shards: 4),
      { try LPFSGD(base: $1, radius: $0.radius, shards: 4, seed: $0.seed) },
      { try LPFSGD(base: $1, radius: $0.radius, shards: 4, seed: $0.seed) }),
  ]

  private static let unnormalized = SAMVariant(ascent: .unnormalized, secondPassStatistics: .freeze)

  private static let adaptive = SAMVariant(ascent: .adaptive, secondPassStatistics: .observe)

  // Half the radius for the head, so that the two cannot be mistaken for each other.
  private static func sseSAM<Base: DescentRule>(_ settings: RuleSettings, _ base: Base) throws -> SSESAM<Base>
  {
    try SSESAM(
      base: base, rhoHead: 0.5 * settings.radius, rhoTail: settings.radius,
      stageFraction: settings.stageFraction, epochs: settings.epochs)
  }
}

extension RuleClaims {
  /// One query of the whole batch at w, and descent along its answer.
  public static let gradientDescent = RuleClaims(
    steps: [Step([Query(.all, .observe, at: .parameters)], descent: [Term(query: 0)])])

  /// The whole batch at w and at w + ε, and descent along the second answer.
  public static func sharpnessAware(_ variant: SAMVariant) -> RuleClaims {
    let place: Place =
      switch variant.ascent {
      case .normalized: .ascent(along: 0, normConstant: 1e-12)
      case .unnormalized: .ascent(along: 0, normConstant: nil)
      case .adaptive: .adaptiveAscent(along: 0, normConstant: 1e-12)
      }
    return RuleClaims(steps: [
      Step(
        [
          Query(.all, .observe, at: .parameters),
          Query(.all, variant.secondPassStatistics, at: place),
        ], descent: [Term(query: 1)])
    ])
  }

  /// Head and tail at w, the tail at w + ε, and descent along the sum of the perturbed tail and the head.
  public static func perturbedTail(normConstant: Double) -> RuleClaims {
    RuleClaims(steps: [
      Step(
        [
          Query(.head, .observe, at: .parameters), Query(.tail, .freeze, at: .parameters),
          Query(.tail, .observe, at: .ascent(along: 1, normConstant: normConstant)),
        ], descent: [Term(query: 2), Term(query: 0)])
    ])
  }

  /// Head and tail, each at w and at its own w + ε, the head's at half the radius; in the second stage the
  /// head stays at w.
  public static let sseSAM = RuleClaims(
    steps: [
      Place.ascent(along: 0, share: 0.5, normConstant: 1e-16), .parameters,
    ].map { head in
      Step(
        [
          Query(.head, .observe, at: .parameters), Query(.head, .observe, at: head),
          Query(.tail, .observe, at: .parameters),
          Query(.tail, .observe, at: .ascent(along: 2, normConstant: 1e-16)),
        ], descent: [Term(query: 1), Term(query: 3)])
    }, turn: .stage)

  /// Gradient descent with noise on the gradient or on the weights.
  public static func perturbed(_ noise: Noise) -> RuleClaims {
    RuleClaims(steps: gradientDescent.steps, noise: noise)
  }

  /// Each shard at its own noisy point, and descent along the mean of the answers.
  public static func lowPass(shards: Int) -> RuleClaims {
    RuleClaims(
      steps: [
        Step(
          (0..<shards).map { Query(.shard(index: $0, count: shards), .observe, at: .noise) },
          descent: (0..<shards).map { Term(query: $0, weight: 1 / Double(shards)) })
      ], noise: .points)
  }
}
